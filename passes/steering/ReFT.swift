/// Representation fine-tuning (ReFT, arXiv 2404.03592, section 3.2): an edit in a subspace, trained by gradients.
///
/// `y = x + λ Rᵀ (W x + b − R x)`, LoReFT, of rank K: in the subspace that the rows of R span, x becomes what W and b make
/// of it. R, W and b are trained end to end on texts, which is done elsewhere: by pyreft, whose interventions become map
/// files by `Scripts/convert-pyreft.py`. `Rt` is Rᵀ, since a function does not turn its parameters.
package let reft = SteeringMethod(
  "reft", version: "1",
  summary: "an edit in a subspace, trained elsewhere (ReFT)",
  transport: """
    graph @reft(%x: f32[T,D], %R: f32[K,D], %Rt: f32[D,K], %W: f32[K,D], %b: f32[K], %strength: f32[]) {
      %learned = linear %x, %W, %b : f32[T,K]
      %rotated = linear %x, %R : f32[T,K]
      %edit = sub %learned, %rotated : f32[T,K]
      %inner = mul %edit, %strength : f32[T,K]
      %change = linear %inner, %Rt : f32[T,D]
      %y = add %x, %change : f32[T,D]
      return %y
    }

    """,
  trainedElsewhere: "pyreft trains it, and Scripts/convert-pyreft.py makes map files of what it saves")
