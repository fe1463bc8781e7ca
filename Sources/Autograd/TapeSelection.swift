/// Some of a tape's steps: those that are needed for wanted elements of its results.
struct TapeSelection {
  let needs: TapeNeeds
  /// The ranges of ``TapeNeeds/ranges`` that are wanted.
  let wanted: UInt64
}
