import Foundation

/// How a cost grows with the number of variables: as a power, fitted to the larger sizes.
enum CostGrowth {
  /// The exponent p of `c N^p` by least squares in the logarithms, over the larger half of the sizes but at
  /// least three; nil where fewer are known.
  static func exponent(_ points: [(count: Int, cost: Double)]) -> Double? {
    let usable = points.filter { $0.cost > 0 && $0.count > 0 }.sorted { $0.count < $1.count }
    guard Set(usable.map(\.count)).count >= 3 else { return nil }
    let larger = usable.suffix(max(3, (usable.count + 1) / 2))
    let x = larger.map { log(Double($0.count)) }
    let y = larger.map { log($0.cost) }
    let (middleX, middleY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
    let spread = x.reduce(0) { $0 + ($1 - middleX) * ($1 - middleX) }
    let slope = zip(x, y).reduce(0) { $0 + ($1.0 - middleX) * ($1.1 - middleY) }
    return spread > 0 ? slope / spread : nil
  }
}
