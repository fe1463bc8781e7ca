// Printed by `make docs`; a test fails where it is stale.

extension OperatorClosure {
  static let table = """
    """
}
