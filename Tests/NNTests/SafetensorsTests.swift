import Foundation
import NN
import Testing

@Suite struct SafetensorsTests {
  private func withFile(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("adjoint-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("file.safetensors"))
  }

  private func file(_ header: String, _ bytes: [UInt8] = [], length: UInt64? = nil) -> Data {
    var data = Data()
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { data.append(contentsOf: $0) }
    return data + Data(header.utf8) + Data(bytes)
  }

  private func error(_ header: String, _ bytes: [UInt8] = []) -> String? {
    error(file(header, bytes))
  }

  private func error(_ data: Data) -> String? {
    #expect(throws: SafetensorsError.self) { try Safetensors(data: data) }?.description
  }

  @Test func everyTypeAndShapeComesBack() throws {
    let tensors: [String: Tensor] = [
      "float32": Tensor([[1.5, -2, .infinity], [0, 3, 1e-40]]),
      "float64": Tensor([Double.pi, -0.0, .nan]),
      "int32": Tensor([Int32.min, Int32.max]),
      "int64": Tensor([Int.min, Int.max]),
      "uint8": Tensor([UInt8(0), 255]),
      "bool": Tensor([true, false, true]),
      "rank 0": Tensor(7),
      "empty": Tensor.zeros([3, 0, 2]),
      "transposed": Tensor([[1, 2, 3], [4, 5, 6]]).transposed(),
      "a \"quoted\" \\ name\n\u{1}é😀": Tensor([1]),
    ]
    let metadata = ["format": "pt", "note": "\"quotes\" and\ttabs, é😀"]
    let original = Safetensors(tensors: tensors, metadata: metadata)
    try withFile { url in
      try original.write(to: url)
      let copy = try Safetensors(contentsOf: url)
      #expect(copy.metadata == metadata)
      #expect(Set(copy.tensors.keys) == Set(tensors.keys))
      for (name, tensor) in tensors {
        let other = try #require(copy.tensors[name])
        #expect(other.dtype == tensor.dtype)
        #expect(other.allClose(tensor, relative: 0, absolute: 0, nanEqual: true), "\(name)")
      }
      // The same contents, the same bytes.
      #expect(copy.data == original.data)
      let left = try FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)
      #expect(left == ["file.safetensors"])
    }
  }

  @Test func theLayoutIsTheFormats() {
    let data = Safetensors(tensors: [
      "a": Tensor([1, 2]), "b": Tensor([true]), "c": Tensor([1.0] as [Double]),
    ]).data
    let header =
      "{\"c\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
      + "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]},"
      + "\"b\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[16,17]}}"
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let numbers: [UInt8] = [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 1]
    #expect(data == file(padded, numbers))
  }

  @Test func aFileOfPyTorchsIsRead() throws {
    // As safetensors.torch writes it: metadata, spaces to align.
    let header =
      "{\"__metadata__\":{\"format\":\"pt\"},\"0.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],"
      + "\"data_offsets\":[4,12]},\"0.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}   "
    let file = try Safetensors(data: file(header, [0, 0, 0, 0x3F, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]))
    let model = Sequential { Linear(2, 1) }
    try model.load(file.tensors)
    #expect(model(Tensor([1, 1])).scalars(as: Float.self) == [3.5])
  }

  @Test func truncatedFilesAreRefused() {
    let whole = Safetensors(tensors: ["a": Tensor([1, 2, 3])]).data
    for count in 0..<whole.count {
      let found = #expect(throws: SafetensorsError.self) { try Safetensors(data: whole.prefix(count)) }
      guard case .truncated(let needed, count) = found else {
        Issue.record("\(count) bytes: \(String(describing: found))")
        continue
      }
      #expect(needed > count)
    }
    #expect(error(whole + [0])?.contains("1 bytes after the last tensor belong to no tensor") == true)
  }

  @Test func hugeHeadersAreRefusedBeforeMemoryIsTaken() {
    #expect(error(file("{}", length: .max))?.contains("at most 100000000 are allowed") == true)
    let huge = "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}"
    #expect(error(huge)?.contains("is too large") == true)
    let deep = "{\"a\":" + String(repeating: "[", count: 100_000)
    #expect(error(deep)?.contains("nested too deeply") == true)
  }

  @Test(arguments: [
    ("", "does not begin with {"),
    ("[]", "does not begin with {"),
    ("{", "a name in quotes was expected"),
    ("{}x", "something follows the header's end, at byte 2"),
    ("{\"a\" 1}", "a colon was expected"),
    ("{\"a\":1 \"b\":2}", "a comma or } was expected"),
    ("{\"a\":tru}", "no JSON value"),
    ("{\"a\":1e}", "no JSON value"),
    ("{\"a", "a string has no end"),
    ("{\"a\\x\":1}", "unknown escape"),
    ("{\"\\ud800\":1}", "half a surrogate pair"),
    ("{\"a\u{1}\":1}", "a control character"),
    ("{\"a\":1}", "\"a\" is no object"),
    ("{\"__metadata__\":[]}", "__metadata__ is no object"),
    ("{\"__metadata__\":{\"a\":1}}", "__metadata__ of \"a\" is no string"),
    ("{\"a\":{\"shape\":[],\"data_offsets\":[0,0]}}", "has no dtype"),
    ("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,0]}}", "has no shape"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,0]}}", "has no shape"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,0]}}", "has no shape"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[0,1,1,1,1,1,1,1,1],\"data_offsets\":[0,0]}}", "has 9 axes"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "has no pair of data_offsets"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", "has no pair of data_offsets"),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}",
      "takes 4 bytes, and its data_offsets span 8"
    ),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}",
      "unknown or ill-typed field \"x\""
    ),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
      "4 bytes before \"a\" belong to no tensor"
    ),
    ("{\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}", "\"a\" is of type BF16"),
  ])
  func malformedHeadersAreRefused(header: String, message: String) {
    let found = error(header, Array(repeating: 2, count: 8))
    #expect(found?.contains(message) == true, "\(found ?? "")")
  }

  @Test func namesThatStandTwiceAreRefused() {
    let entry = "{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}"
    #expect(
      #expect(throws: SafetensorsError.self) {
        try Safetensors(data: file("{\"a\":\(entry),\"\\u0061\":\(entry)}", [1]))
      } == .duplicateName("a"))
    #expect(
      #expect(throws: SafetensorsError.self) {
        try Safetensors(data: file("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"BOOL\"}}", [1]))
      } == .duplicateName("dtype"))
  }

  @Test func overlapsAreRefused() {
    let header =
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
      + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}"
    #expect(
      #expect(throws: SafetensorsError.self) { try Safetensors(data: file(header, [1, 2, 3])) }
        == .overlap("a", "b"))
  }

  @Test func boolsAreZeroOrOne() {
    let header = "{\"a\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[0,1]}}"
    #expect(error(header, [2])?.contains("neither 0 nor 1") == true)
  }

  @Test func textThatIsNotUTF8IsRefused() {
    var data = file("{\"a?\":1}")
    data[11] = 0xFF
    #expect(error(data)?.contains("not UTF-8") == true)
  }

  @Test func aModuleIsSavedAndLoaded() throws {
    let model = Sequential(seed: 1) {
      Linear(3, 2)
      Tanh()
      Linear(2, 1)
    }
    try withFile { url in
      try model.save(to: url, metadata: ["epoch": "3"])
      let copy = Sequential(seed: 2) {
        Linear(3, 2)
        Tanh()
        Linear(2, 1)
      }
      let x = Tensor.ones([4, 3])
      #expect(!copy(x).allClose(model(x)))
      #expect(try copy.load(from: url) == ["epoch": "3"])
      #expect(copy(x).allClose(model(x), relative: 0, absolute: 0))
      #expect(copy.parameters.allSatisfy { $0.value.isTracked })
    }
  }

  @Test func whatDoesNotFitChangesNothing() throws {
    let model = Sequential(seed: 1) { Linear(3, 2) }
    let before = model.state
    func loadError(_ change: (inout [String: Tensor]) -> Void) -> SafetensorsError? {
      var state = Sequential(seed: 2) { Linear(3, 2) }.state
      change(&state)
      return #expect(throws: SafetensorsError.self) { try model.load(state) }
    }
    #expect(loadError { $0["0.bias"] = nil } == .missing(["0.bias"]))
    #expect(loadError { $0["1.bias"] = Tensor([1]) } == .unexpected(["1.bias"]))
    #expect(
      loadError { $0["0.bias"] = Tensor([1]) } == .shapeMismatch(name: "0.bias", parameter: [2], file: [1]))
    #expect(
      loadError { $0["0.bias"] = Tensor([1.0, 2.0], dtype: .float64) }
        == .dtypeMismatch(name: "0.bias", parameter: .float32, file: .float64))
    for (name, tensor) in before { #expect(model.state[name]!.allClose(tensor, relative: 0, absolute: 0)) }
  }

  @Test func filesThatAreNotThere() {
    let gone = URL(fileURLWithPath: "/nowhere/at/all.safetensors")
    #expect(
      #expect(throws: SafetensorsError.self) { try Safetensors(contentsOf: gone) }?.description
        == "cannot read /nowhere/at/all.safetensors: no such file or directory")
    #expect(
      #expect(throws: SafetensorsError.self) { try Safetensors().write(to: gone) }?.description
        == "cannot write /nowhere/at/all.safetensors: no such file or directory")
  }
}
