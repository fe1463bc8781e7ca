/// Colours and dashes that tell curves apart.
enum Palette {
  /// Okabe and Ito's colours (M. Okabe, K. Ito, "Color Universal Design", 2008), which people with any kind
  /// of colour vision can tell apart, without the yellow that is faint on white, and with a brown.
  static let colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C5B3F"]

  /// The same in the terminal's 256 colours; the last but one is the terminal's own.
  static let terminalColors = ["38;5;32", "38;5;202", "38;5;36", "38;5;175", "38;5;214", "38;5;117", "39", "38;5;137"]

  /// Dashes, in lengths of line and gap, so that no curve is known by its colour alone.
  static let dashes = ["", "7 3", "2 3", "10 3 2 3", "5 5", "12 4", "1 4", "9 3 2 3 2 3"]

  /// Marks for a terminal without colour.
  static let marks: [Character] = ["*", "+", "o", "x", "#", "@", "%", "&"]
}
