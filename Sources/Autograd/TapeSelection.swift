/// Some of a tape's steps: those that wanted elements of its results need.
struct TapeSelection {
  let needs: TapeNeeds
  /// The ranges of ``TapeNeeds/ranges`` that are wanted.
  let wanted: UInt64

  func includes(step: Int) -> Bool { needs.steps[step] & wanted != 0 }
}
