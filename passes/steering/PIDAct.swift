import ActIR

/// PID steering (arXiv 2510.04309): a shift that a controller over the layers makes of the mean differences.
///
/// At the k-th site of its kind `y = x + λ u(k)`, `u(k) = Kp r(k) + Ki Σ_{j<k} r(j) + Kd (r(k) − r(k−1))`, r the
/// difference between the means of target and source. In causal order r is what the earlier shifts have left, so that
/// the controller sees its own effect. With Ki = Kd = 0 and Kp = 1 it is Mean-AcT.
package let pidAct = SteeringMethod(
  "pid-act", version: "1",
  summary: "shifts by a controller over the layers of the mean difference (PID)",
  transport: """
    graph @pid_act(%x: f32[T,D], %difference: f32[D], %correction: f32[D], %strength: f32[]) {
      %shift = add %difference, %correction : f32[D]
      %part = mul %shift, %strength : f32[D]
      %y = add %x, %part : f32[T,D]
      return %y
    }

    """,
  options: [proportional, integral, derivative],
  fitMeans: { source, target, _ in
    let difference = zip(source, target).map { Float($1 - $0) }
    return ["difference": MapParameter(difference), "correction": MapParameter(difference.map { _ in 0 })]
  }
).following { fit, earlier, settings in
  let differences = earlier.map { $0["difference"]!.values }
  let kp: Double = settings[proportional]
  let ki: Double = settings[integral]
  let kd: Double = settings[derivative]
  let now = fit.parameters["difference"]!.values
  var correction: [Float] = []
  for (channel, difference) in now.enumerated() {
    let r = Double(difference)
    var sum = 0.0
    for earlier in differences { sum += Double(earlier[channel]) }
    // Before the first site nothing has changed.
    let step = differences.last.map { r - Double($0[channel]) } ?? 0
    correction.append(Float((kp - 1) * r + ki * sum + kd * step))
  }
  fit.parameters["correction"] = MapParameter(correction)
}

private let proportional = MethodOption(
  "kp", default: 1.0, in: -100...100, "The gain of the difference at the site.")
private let integral = MethodOption(
  "ki", default: 0.05, in: -100...100, "The gain of the sum of the differences at earlier sites.")
private let derivative = MethodOption(
  "kd", default: 0.05, in: -100...100, "The gain of the change since the site before.")
