import Autograd

/// Operators that PyTorch has a second name for, and those that change the dtype or nothing.
enum Copies {
  static func add(to table: inout OperatorTable) {
    for name in [
      "alias_copy", "clone", "conj", "conj_physical", "contiguous", "real", "resolve_conj", "resolve_neg",
    ] {
      table[name] = { try $0.tensor(0) }
    }
    for name in ["expand", "permute", "squeeze", "t", "transpose", "unsqueeze", "view", "narrow"] {
      table[name + "_copy"] = table[name]
    }
    for name in ["split_with_sizes", "unbind"] { table[list: name + "_copy"] = table[list: name] }
    for name in ["chunk", "split"] { table[list: "unsafe_" + name] = table[list: name] }
    table["bool"] = { try $0.tensor(0).asType(.bool) }
    table["byte"] = { try $0.tensor(0).asType(.uint8) }
    table["double"] = { try $0.tensor(0).asType(.float64) }
    table["float"] = { try $0.tensor(0).asType(.float32) }
    table["int"] = { try $0.tensor(0).asType(.int32) }
    table["item"] = { try Tensor($0.tensor(0).item()) }
    table["to"] = { try converted($0) }
    table["long"] = { try $0.tensor(0).asType(.int64) }
  }

  /// To the dtype of a tensor or a dtype, perhaps after a device, whose name says nothing here.
  private static func converted(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    arguments.ignore(2, 3, 4, names: "copy", "non_blocking")
    if arguments.isTensor(1) { return x.asType(try arguments.tensor(1).dtype) }
    return try arguments.cast(x, (try? arguments.string(1)) == nil ? 1 : 2)
  }
}
