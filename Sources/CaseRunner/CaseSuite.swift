import Foundation

/// The groups of cases of a directory.
public struct CaseSuite: Sendable {
  /// The cases of one file.
  public struct Group: Sendable {
    /// The group's name.
    public let name: String
    /// Its cases in the order of the file.
    public let cases: [Case]
  }

  /// The groups in the order of their names.
  public let groups: [Group]
  private let data: CaseData

  /// Reads every group of a directory: `<group>.json` files beside `data.bin`.
  public init(directory: URL) throws {
    data = try CaseData(directory: directory)
    let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    groups = try files.filter { $0.pathExtension == "json" }
      .map { try JSONDecoder().decode(CaseFile.self, from: Data(contentsOf: $0)) }
      .map { file in
        guard file.format == 1 else {
          throw MalformedCase("\(file.group): format \(file.format) is not known")
        }
        return Group(name: file.group, cases: file.cases)
      }
      .sorted { $0.name < $1.name }
  }

  /// Checks one case.
  public func check(_ item: Case) -> Report { Check(item, data).report() }

  /// Checks the cases of a group, in order.
  public func check(_ group: Group, where isWanted: (Case) -> Bool = { _ in true }) -> GroupReport {
    GroupReport(name: group.name, reports: group.cases.filter(isWanted).map(check))
  }
}

/// What became of one case.
public struct Report: Sendable {
  /// Passed, or why not.
  public enum Outcome: Sendable, Equatable {
    case passed
    /// What differs: a line for each quantity.
    case failed([String])
    /// An operator, or a combination of its options, that does not exist.
    case missing(String)
  }

  /// The case's own name.
  public let id: String
  /// The operator's name, PyTorch's without `torch.`.
  public let op: String
  /// Whether it passed.
  public let outcome: Outcome
}

/// What became of a group's cases.
public struct GroupReport: Sendable {
  /// The group's name.
  public let name: String
  /// What became of each case.
  public let reports: [Report]
  /// How many passed.
  public let passed: Int
  /// How many gave other numbers.
  public let failed: Int
  /// How many need what does not exist.
  public let missing: Int

  init(name: String, reports: [Report]) {
    self.name = name
    self.reports = reports
    var counts = (passed: 0, failed: 0, missing: 0)
    for report in reports {
      switch report.outcome {
      case .passed: counts.passed += 1
      case .failed: counts.failed += 1
      case .missing: counts.missing += 1
      }
    }
    (passed, failed, missing) = counts
  }
}
