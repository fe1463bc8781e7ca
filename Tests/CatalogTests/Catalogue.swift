import Testing

/// Every operator, checked in the same ways: see the rows in `Rows`. One row at a time, because the checks
/// for leaks count what is alive in the whole process.
@Suite(.serialized) enum CatalogueTests {}
