/// Granite 3, whose factors files call scales, and whose rows of queries and keys lie as Llama's.
let ggufGranite = GGUFFamily("granite", "GraniteForCausalLM", modelType: "granite") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true)
  if try b.flag("rope.scaling.finetuned") == false {
    throw b.unsupported("rope.scaling.finetuned", "a model without rotary positions is not supported")
  }
  try b.rotaryPositions(d)
  // What scores are multiplied by in a file that does not say.
  let usual = 1 / Double(d.headWidth).squareRoot()
  for (key, name, fallback) in [
    ("embedding_scale", "embedding_multiplier", 1), ("attention.scale", "attention_multiplier", usual),
    ("residual_scale", "residual_multiplier", 1), ("logit_scale", "logits_scaling", 1),
  ] {
    b.set(name, try b.number(key, in: 1e-9...1e9) ?? .double(fallback))
  }
  try b.llamaTensors(d)
}
