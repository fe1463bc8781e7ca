import Foundation

/// Why a file could not be written, in the system's words.
package struct FileError: Error, Sendable {
  package let reason: String

  /// The shortest true thing that an error of Foundation says.
  package static func reason(_ error: any Error) -> String {
    let error = error as NSError
    if let inner = error.userInfo[NSUnderlyingErrorKey] as? NSError, inner.domain == NSPOSIXErrorDomain {
      return describe(Int32(inner.code))
    }
    if error.domain == NSPOSIXErrorDomain { return describe(Int32(error.code)) }
    switch CocoaError.Code(rawValue: error.code) {
    case .fileReadNoSuchFile, .fileNoSuchFile: return describe(ENOENT)
    case .fileReadNoPermission, .fileWriteNoPermission: return describe(EACCES)
    default: return error.localizedDescription
    }
  }

  package static func describe(_ code: Int32) -> String {
    let text = String(cString: strerror(code))
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

/// A file that is complete, under a name of its own beside the one it is meant for.
///
/// Readers of the target see the old file or the whole new one, whatever happens.
package struct StagedFile: Sendable {
  package let target: URL
  private let temporary: URL

  /// Writes the data, down to the disk; a file that fails is removed.
  package init(_ data: Data, for target: URL) throws(FileError) {
    self.target = target
    let name = ".\(target.lastPathComponent).\(UInt32.random(in: 0 ... .max)).partial"
    temporary = target.deletingLastPathComponent().appendingPathComponent(name)
    let file = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw FileError(reason: FileError.describe(errno)) }
    var failure: Int32 = 0
    data.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count && failure == 0 {
        let count = write(file, bytes.baseAddress! + written, bytes.count - written)
        if count < 0 { failure = errno == EINTR ? 0 : errno } else { written += count }
      }
    }
    // Some file systems cannot synchronise, which is no failure to write.
    if failure == 0 && fsync(file) != 0 && errno != EINVAL { failure = errno }
    if close(file) != 0 && failure == 0 { failure = errno }
    if failure != 0 {
      discard()
      throw FileError(reason: FileError.describe(failure))
    }
  }

  /// Puts the file in the target's place.
  package func commit() throws(FileError) {
    guard rename(temporary.path, target.path) == 0 else {
      let code = errno
      discard()
      throw FileError(reason: FileError.describe(code))
    }
  }

  /// Removes the file; the target stays as it was.
  package func discard() { unlink(temporary.path) }
}
