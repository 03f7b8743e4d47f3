import Glibc

/// How latent consistency models are told of the guidance (Luo et al. 2023, arXiv 2310.04378): sines and then cosines of
/// 1000 (guidance − 1) by frequencies from 1 to 1/10000, and where the width is odd a 0.
///
/// In single precision and in the order of `get_guidance_scale_embedding` of diffusers, whose rounding large angles show.
package func guidanceEmbedding(_ guidance: Double, width: Int) -> [Double] {
  let half = width / 2
  let rate = logf(10_000) / Float(max(half - 1, 1))
  let angles = (0..<half).map { 1000 * Float(guidance - 1) * expf(Float($0) * -rate) }
  let padding = width % 2 == 1 ? [0.0] : []
  return angles.map { Double(sinf($0)) } + angles.map { Double(cosf($0)) } + padding
}
