// First steps in automatic differentiation, as a textbook's chapter takes them.
//
// Run it with: swift run FirstSteps

import Autograd

/// Prints a heading, so that the output reads as the source does.
func section(_ title: String) {
  print("\n\(title)\n" + String(repeating: "-", count: title.count))
}

// MARK: - A simple function

section("y = 2 x'x has the gradient 4x")

// A tensor made with `requiresGrad: true` is watched: what is computed from it is recorded.
let x = Tensor([0, 1, 2, 3], requiresGrad: true)
let y = 2 * dot(x, x)
print("y =", y)

// Walking the record backwards gives the derivative of y with respect to every element of x.
y.backward()
print("gradient =", x.grad!)
print("is 4x:", x.grad! .== 4 * x)

// Gradients add up until they are cleared. The sum's gradient is 1 everywhere.
x.clearGrad()
x.sum().backward()
print("gradient of the sum =", x.grad!)

// MARK: - A result that is not one number

section("Of a y that is not one number: a seed")

// A gradient is of one number. Of several, say how much each of them counts.
x.clearGrad()
(x * x).backward(Tensor([1, 1, 1, 1]))
print("all count the same:", x.grad!)

x.clearGrad()
(x * x).backward(Tensor([1, 0, 0, 10]))
print("first once, last ten times:", x.grad!)

// To forget the seed is a mistake that says what to do. Here it is caught; elsewhere it would stop.
do {
  try withTensorErrors { (x * x).backward() }
} catch {
  print("without a seed:", error)
}

// MARK: - Detaching

section("Detaching: a part counts as a constant")

x.clearGrad()
let square = x * x
let constant = square.detached()  // the same numbers, without how they came about
let z = constant * x
z.sum().backward()
print("d(u x)/dx with u = x*x held fixed:", x.grad!)
print("which is u:", x.grad! .== constant)

// The original still knows its history.
x.clearGrad()
square.sum().backward()
print("d(x*x)/dx:", x.grad!)

// MARK: - Control flow

section("A gradient through while and if")

/// Doubles until the result is large; which way it goes depends on the numbers.
func f(_ a: Tensor) -> Tensor {
  var b = a * 2
  while (b * b).sum().item() < 1_000_000 { b = b * 2 }
  return b.sum().item() > 0 ? b : 100 * b
}

// For any one input f is linear, f(a) = k a, so the gradient is f(a) / a.
for start in [0.75, -0.75] {
  let a = Tensor(start, dtype: .float32, requiresGrad: true)
  let d = f(a)
  d.backward()
  print("a = \(start): f(a) = \(d.item()), gradient = \(a.grad!.item()), f(a) / a = \((d / a).item())")
}

// MARK: - Against a known derivative

section("2 sin(3x) at 1 and 12, against 6 cos(3x)")

let points = Tensor([1, 12])
let wave = grad { (x: Tensor) in (2 * sin(3 * x)).sum() }
print("automatic:", wave(points))
print("by hand:  ", 6 * cos(3 * points))
print("close:", wave(points).allClose(6 * cos(3 * points), relative: 1e-5, absolute: 1e-5))

// MARK: - One graph, many walks

section("sin on 100 points: one walk, and 100 walks of the same graph")

let angles = Tensor.linspace(from: -.pi, to: .pi, count: 100, dtype: .float64).tracked()
let sines = sin(angles)

// In one call: every element counts once.
sines.backward(Tensor.ones(like: sines))
let atOnce = angles.grad!

// By 100 calls, one for each element. Nothing is used up: a graph can be walked again and again.
angles.clearGrad()
for index in 0..<100 { sines[index].backward() }
let oneByOne = angles.grad!

print("the two agree:", atOnce.allClose(oneByOne, relative: 1e-12))
print("both are cos:", atOnce.allClose(cos(angles), relative: 1e-12, absolute: 1e-12))
print("at the ends and in the middle:", atOnce[Tensor([0, 49, 99], dtype: .int64)])

// MARK: - One name for numbers and tensors

section("exp of a number and of a tensor")

print("exp(1.0) =", exp(1.0))
print("exp of 0, 1, 2, 3, 4 =", exp(Tensor.arange(5)))

// And derivatives of derivatives, to any order: exp is its own.
let third = grad { (x: Tensor) in
  grad { (x: Tensor) in grad { (x: Tensor) in exp(x).sum() }(x).sum() }(x).sum()
}
print("its third derivative there =", third(Tensor.arange(5)))
