import ArgumentParser

/// The command-line program.
@main
struct Adjoint: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "adjoint",
    abstract:
      "Tensors with exact derivatives: train a net, use it, draw derivatives, measure their cost, see what runs.",
    version: version,
    subcommands: [Train.self, Predict.self, PlotFunction.self, Cost.self, Info.self])
}

/// An error for the user to read: what is wrong, and with what.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
