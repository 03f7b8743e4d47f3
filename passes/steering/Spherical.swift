import ActIR

/// Spherical steering (arXiv 2602.08169, section 3): turns activations along the great circle to a direction, the more
/// the less they point there, and keeps their length.
///
/// μ is the unit vector from the source's mean to the target's, and θ the angle between x and μ. Two von Mises–Fisher
/// distributions of concentration κ about μ and −μ say by how much x is rather of the source:
/// `δ = p(−μ) − p(μ) = −tanh(κ cos θ)`. Where δ is above the threshold β, x is turned to μ by the share
/// `t = α (δ − β) / (1 − β)` of the arc, times λ: its angle becomes `(1 − λ t) θ`, in the plane of x and μ, and its length
/// stays that of x. Elsewhere x stays as it is. An x that points exactly away from μ has no such plane: it stays on the
/// line of μ, and turns round where the angle passes 90 degrees.
///
/// The defaults of κ, α and β are those that the paper's code has for Llama 3.1 8B.
package let spherical = SteeringMethod(
  "spherical", version: "1",
  summary:
    "turns activations to a direction along the sphere, gated by how far they point away (Spherical Steering)",
  transport: """
    graph @spherical(%x: f32[T,D], %mu: f32[1,D], %kappa: f32[], %alpha: f32[], %beta: f32[], %strength: f32[]) {
      %zero = constant {value = 0.0} : f32[]
      %one = constant {value = 1.0} : f32[]
      %least = constant {value = 1e-30} : f32[]
      %magnitudes = abs %x : f32[T,D]
      %largest = reduce_max %magnitudes : f32[T,1]
      %size = max %largest, %least : f32[T,1]
      %scaled = div %x, %size : f32[T,D]
      %squares = mul %scaled, %scaled : f32[T,D]
      %square = reduce_sum %squares : f32[T,1]
      %length = sqrt %square : f32[T,1]
      %some_length = max %length, %least : f32[T,1]
      %along = linear %scaled, %mu : f32[T,1]
      %part = mul %along, %mu : f32[T,D]
      %rest = sub %scaled, %part : f32[T,D]
      %rest_squares = mul %rest, %rest : f32[T,D]
      %rest_square = reduce_sum %rest_squares : f32[T,1]
      %across = sqrt %rest_square : f32[T,1]
      %some_across = max %across, %least : f32[T,1]
      %theta = atan2 %across, %along : f32[T,1]
      %cosine = div %along, %some_length : f32[T,1]
      %evidence = mul %cosine, %kappa : f32[T,1]
      %likelier = tanh %evidence : f32[T,1]
      %delta = neg %likelier : f32[T,1]
      %above = sub %delta, %beta : f32[T,1]
      %excess = max %above, %zero : f32[T,1]
      %room = sub %one, %beta : f32[]
      %steepness = div %alpha, %room : f32[]
      %share = mul %excess, %steepness : f32[T,1]
      %turn = mul %share, %strength : f32[T,1]
      %kept = sub %one, %turn : f32[T,1]
      %angle = mul %theta, %kept : f32[T,1]
      %cos_angle = cos %angle : f32[T,1]
      %sin_angle = sin %angle : f32[T,1]
      %rest_scale = div %sin_angle, %some_across : f32[T,1]
      %to_mu = mul %cos_angle, %mu : f32[T,D]
      %to_rest = mul %rest_scale, %rest : f32[T,D]
      %direction = add %to_mu, %to_rest : f32[T,D]
      %direction_squares = mul %direction, %direction : f32[T,D]
      %direction_square = reduce_sum %direction_squares : f32[T,1]
      %direction_length = sqrt %direction_square : f32[T,1]
      %some_direction = max %direction_length, %least : f32[T,1]
      %ratio = div %length, %some_direction : f32[T,1]
      %scale = mul %ratio, %size : f32[T,1]
      %turned = mul %direction, %scale : f32[T,D]
      %still = eq %turn, %zero : bool[T,1]
      %y = select %still, %x, %turned : f32[T,D]
      return %y
    }

    """,
  data: DataRequirements(pooling: .last), options: [concentration, rate, threshold],
  fitMeans: { source, target, settings in
    guard let direction = unitVector(from: source, to: target) else {
      throw FitError(
        "source and target have one mean, so that there is no direction to turn to; leave out the site")
    }
    return [
      "mu": MapParameter(direction.map { Float($0) }, shape: [1, direction.count]),
      "kappa": MapParameter(Float(settings[concentration])), "alpha": MapParameter(Float(settings[rate])),
      "beta": MapParameter(Float(settings[threshold])),
    ]
  })

private let concentration = MethodOption(
  "kappa", default: 20.0, in: 1e-3...1e6, "How sharply the gate tells the two directions apart: κ.")
private let rate = MethodOption(
  "alpha", default: 0.7, in: 1e-6...1, "The share of the arc that strength 1 goes at most: α.")
private let threshold = MethodOption(
  "beta", default: -0.15, in: -1...0.999, "What the gate's evidence must exceed: β.")
