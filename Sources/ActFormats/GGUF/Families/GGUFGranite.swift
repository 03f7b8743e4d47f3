/// Granite 3, whose factors files call scales, and whose rows of queries and keys lie as Llama's.
let ggufGranite = GGUFFamily("granite", "GraniteForCausalLM", modelType: "granite") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true)
  if try b.flag("rope.scaling.finetuned") == false {
    throw b.unsupported("rope.scaling.finetuned", "a model without rotary positions is not supported")
  }
  try b.rotaryPositions(d)
  for (key, name) in [
    ("embedding_scale", "embedding_multiplier"), ("attention.scale", "attention_multiplier"),
    ("residual_scale", "residual_multiplier"), ("logit_scale", "logits_scaling"),
  ] {
    if let factor = try b.number(key, in: 1e-9...1e9) { b.set(name, factor) }
  }
  try b.llamaTensors(d)
}
