/// Keys of `config.json` that no architecture needs to read, since they do not change what a model computes from its
/// tokens.
enum HarmlessKeys {
  static let all = Set(files + tokens + training + execution + otherHeads + generation)

  /// Where the files come from, who wrote them, and in which type; tensors say their own.
  private static let files = [
    "architectures", "model_type", "_name_or_path", "name_or_path", "_class_name", "_diffusers_version",
    "_commit_hash", "is_llama_config", "transformers_version", "torch_dtype", "dtype", "auto_map",
    "unsloth_version",
    "unsloth_fixed",
  ]

  /// Tokens with a meaning, which the tokenizer's files and `generation_config.json` have as well.
  private static let tokens = [
    "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id", "cls_token_id",
    "mask_token_id", "decoder_start_token_id", "forced_bos_token_id", "forced_eos_token_id",
    "tokenizer_class", "model_max_length", "max_sequence_length",
    "prefix",
  ]

  /// How the model was or would be trained: initial weights, dropout, losses.
  private static let training = [
    "initializer_range", "initializer_factor", "init_std", "dropout", "attention_dropout", "hidden_dropout",
    "activation_dropout", "classifier_dropout", "layerdrop", "attn_pdrop", "embd_pdrop", "resid_pdrop",
    "embed_dropout", "resid_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob",
    "classifier_dropout_prob", "gradient_checkpointing", "loss_type",
  ]

  /// How a framework runs the model, with the same result but for rounding.
  private static let execution = [
    "use_cache", "attn_implementation", "_attn_implementation", "_attn_implementation_internal",
    "_attn_implementation_autoset", "_flash_attn_2_enabled", "use_flash_attn", "flash_attn",
    "cache_implementation", "pretraining_tp", "chunk_size_feed_forward", "output_attentions",
    "output_hidden_states", "return_dict", "use_return_dict", "torchscript", "use_bfloat16", "tf_legacy_loss",
    "is_decoder", "reorder_and_upcast_attn", "upcast_attn", "n_ctx",
  ]

  /// Heads for other tasks.
  private static let otherHeads = [
    "id2label", "label2id", "num_labels", "_num_labels", "problem_type", "finetuning_task",
    "task_specific_params",
    "summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels",
    "summary_first_dropout",
  ]

  /// How a text is generated, of old files; newer ones have it in `generation_config.json`.
  private static let generation = [
    "max_length", "min_length", "max_new_tokens", "do_sample", "early_stopping", "num_beams",
    "num_beam_groups",
    "diversity_penalty", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty",
    "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences",
    "output_scores", "return_dict_in_generate", "remove_invalid_values", "exponential_decay_length_penalty",
    "suppress_tokens", "begin_suppress_tokens",
  ]
}
