import Autograd

/// Losses that are made of a net's derivatives, and their gradients with respect to its parameters.
extension Stopwatch {
  /// Burgers' equation: u_t + u u_x - (0.01 / pi) u_xx of a net of x and t.
  func burgers() {
    let parameters = Inputs.parameters([2] + Array(repeating: 20, count: 8) + [1])
    let x = Inputs.fill(1, [1024, 1])
    let t = 0.5 + 0.5 * Inputs.fill(2, [1024, 1])
    let points = concatenated([x, t], axis: 1)
    let zero = Tensor.zeros(like: x)
    let one = Tensor.ones(like: x)
    let alongX = concatenated([one, zero], axis: 1)
    let alongT = concatenated([zero, one], axis: 1)
    let residual = Formula("burgers", inputs: 4) { v in
      [square(v[3] + v[0] * v[1] - (0.01 / Double.pi) * v[2])]
    }
    let check = { (result: (value: Tensor, gradient: [Tensor])) in
      ["loss": result.value.item(), "gnorm": norm(result.gradient)]
    }

    let taylor = valueAndGrad { (parameters: [Tensor]) in
      let (u, d) = directionalDerivatives(
        { net(parameters, $0, tanh) }, at: points, alongEach: [alongX, alongT], orders: [2, 1])
      return residual([u, d[0][0], d[0][1], d[1][0]])[0].mean()
    }
    measure {
      taylor(parameters)
    } check: {
      check($0)
    }

    let nested = valueAndGrad { (parameters: [Tensor]) in
      let f = { (x: Tensor) in net(parameters, x, tanh) }
      let slope = { (x: Tensor) in jvp(f, at: x, along: alongX) }
      let (u, ux) = slope(points)
      let uxx = jvp({ slope($0).tangent }, at: points, along: alongX).tangent
      return residual([u, ux, uxx, jvp(f, at: points, along: alongT).tangent])[0].mean()
    }
    measure("nested_jvp") {
      nested(parameters)
    } check: {
      check($0)
    }
  }

  /// Forces of 64 bodies whose energy is a net of features of all pairs' distances.
  func forceMatching() {
    let parameters = Inputs.parameters([3, 32, 32, 1])
    let positions = Inputs.fill(1, [64, 3], scale: 2)
    let target = Inputs.fill(3, [64, 3])
    let energy = { (parameters: [Tensor], positions: Tensor) -> Tensor in
      let difference = positions.unsqueezed(axis: 1) - positions.unsqueezed(axis: 0)
      let distance = square(difference).sum(axis: -1).flattened()
      let features = stacked([exp(-distance), exp(-0.25 * distance), 1 / (1 + distance)], axis: -1)
      return net(parameters, features, tanh).sum() / 64
    }
    let check = { (result: (value: Tensor, gradient: [Tensor])) in
      ["loss": result.value.item(), "gnorm": norm(result.gradient)]
    }
    let matched = valueAndGrad { (parameters: [Tensor]) in
      let force = -grad { energy(parameters, $0) }(positions)
      return square(force - target).mean()
    }
    measure {
      matched(parameters)
    } check: {
      check($0)
    }
  }
}
