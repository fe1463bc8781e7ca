import Autograd
import Testing

extension CatalogueTests {
  @Suite struct Derivatives {
    @Test("first order, adjoint identity, leading axes", arguments: Catalogue.differentiable)
    func firstOrder(_ row: Row) throws {
      for report in try Checks.reports(row, order: 1) {
        #expect(report.passed, "\(report)")
        #expect(report.comparisons > 0)
      }
    }

    @Test("first order with strided inputs", arguments: Catalogue.differentiable, MemoryLayoutKind.allCases)
    func strided(_ row: Row, _ layout: MemoryLayoutKind) throws {
      let report = try withTensorErrors { row.report(orders: 1...1, row.inputs.map(\.shape), layout) }
      #expect(report.passed, "\(report)")
    }

    @Test("second order in all compositions", arguments: Catalogue.differentiable)
    func secondOrder(_ row: Row) throws {
      for report in try Checks.reports(row, order: 2) { #expect(report.passed, "\(report)") }
    }

    @Test("third order", arguments: Catalogue.differentiable)
    func thirdOrder(_ row: Row) throws {
      for report in try Checks.reports(row, order: 3) { #expect(report.passed, "\(report)") }
    }

    @Test("derivatives at empty tensors", arguments: Catalogue.differentiable)
    func empty(_ row: Row) throws {
      for shapes in row.allEmptyShapes {
        let report = try withTensorErrors { row.report(orders: 1...2, shapes) }
        #expect(report.passed, "\(report)")
      }
    }

    @Test("each check in each floating-point dtype", arguments: Catalogue.differentiable)
    func each(_ row: Row) {
      for dtype in [DType.float64, .float32] {
        for check in Check.allCases {
          if case .failed(let why) = Checks.run(row, check, dtype) { Issue.record("\(why)") }
        }
      }
    }

    @Test("a check that one row of an operator lacks is a hole, whatever the others passed")
    func gaps() {
      #expect(Outcome(all: [.passed, .passed]) == .passed)
      #expect(Outcome(all: [.passed, .absent]) == .absent)
      #expect(Outcome(all: [.absent, .passed, .failed("why")]) == .failed("why"))
      #expect(Outcome(all: []) == .absent)
    }

    @Test("every comparison is part of a check")
    func claimed() throws {
      let row = Catalogue.differentiable.first { $0.name == "sin" }!
      let names = try (1...3).flatMap { try Checks.reports(row, order: $0) }.flatMap(\.checks.keys)
      #expect(Set(names).count > 40)
      let unclaimed = names.filter { name in !Check.allCases.contains { $0.covers(name) } }
      #expect(unclaimed.isEmpty)
    }
  }
}
