import ActFormats
import Testing
import Workbench

extension MutationKind {
  /// A `tokenizer.json` of each kind of model beside byte pairs, with normalizers and decoders of its own.
  static let tokenizers = [wordPiece, unigram, wordLevel].enumerated().map { index, whole in
    MutationKind(name: "tokenizer.json \(["WordPiece", "Unigram", "WordLevel"][index])") {
      workshop, directory in
      _ = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
    } run: { attempt in
      let json = try JSON(parsing: whole)
      try attempt.directory.write(attempt.mutator.pointee.json(json), to: "model/tokenizer.json")
      let plan = attempt.file("x.plan")
      guard try attempt.run(.actc, ["compile", attempt.file("model"), "-o", plan]) == 0 else { return }
      let text = "ab Ab\u{E9}e\u{301} \u{BD} \u{FB01}12\u{6F22}<m> [S]"
      _ = try attempt.run(.actrun, ["generate", plan, "-p", text, "-n", "3", "--threads", "1"])
    }
  }

  private static let wordPiece = #"""
    {"version":"1.0","truncation":null,"padding":null,
     "added_tokens":[{"id":1,"content":"[S]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,
                      "special":true}],
     "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,
                   "lowercase":true},
     "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"BertPreTokenizer"},
                      {"type":"Digits","individual_digits":true}]},
     "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[S]","type_id":0}},
                       {"Sequence":{"id":"A","type_id":0}}],
                       "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
                       "special_tokens":{"[S]":{"id":"[S]","ids":[1],"tokens":["[S]"]}}},
     "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
     "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
              "max_input_chars_per_word":20,
              "vocab":{"[UNK]":0,"[S]":1,"a":2,"##b":3,"##be":4,"e":5,"1":6,"2":7,"##e":8,"漢":9}}}
    """#

  private static let unigram = #"""
    {"added_tokens":[{"id":2,"content":"<m>","single_word":true,"lstrip":true,"rstrip":true,"normalized":true,
                      "special":false}],
     "normalizer":{"type":"Sequence","normalizers":[{"type":"Precompiled","precompiled_charsmap":"\#(charsmap)"},
                   {"type":"NFKC"},{"type":"Strip","strip_left":true,"strip_right":true},
                   {"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]},
     "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},
                      {"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}]},
     "post_processor":{"type":"RobertaProcessing","sep":["</s>",1],"cls":["<s>",0],"trim_offsets":true,
                       "add_prefix_space":true},
     "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
                {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":1}]},
     "model":{"type":"Unigram","unk_id":2,"byte_fallback":true,
              "vocab":[["<s>",0],["</s>",0.0],["<unk>",0],["▁",-2.5],["a",-3],["b",-3.25],["ab",-4],["▁ab",-5e0],
                       ["<0xC3>",-9],["<0xA9>",-9],["f",-6],["i",-6]]}}
    """#

  private static let wordLevel = #"""
    {"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKD"},{"type":"StripAccents"},{"type":"Nmt"},
                   {"type":"Lowercase"},{"type":"Prepend","prepend":"_"}]},
     "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"UnicodeScripts"},{"type":"Whitespace"},
                      {"type":"Punctuation","behavior":"Contiguous"},{"type":"CharDelimiterSplit","delimiter":"e"},
                      {"type":"FixedLength","length":2}]},
     "post_processor":{"type":"BertProcessing","sep":["a",1],"cls":["ab",2]},
     "decoder":{"type":"Sequence","decoders":[{"type":"CTC","pad_token":"a","word_delimiter_token":"|",
                "cleanup":true},{"type":"BPEDecoder","suffix":"b"}]},
     "model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0,"a":1,"ab":2,"12":3,"_":4}}}
    """#

  /// What SentencePiece compiles four rules to.
  private static let charsmap = """
    AAQAAAAsAAAKDQAAAAAAgKAFAAACAACArAgCAIEFAAAIAACACQAAAAgAAAALAAAACgAAAA0AAAAMAAAADwAAAA4AAAARAAAAEAAA\
    ABMAAAASAAAAFQAAABQAAAAXAAAAFgAAABkAAAAYAAAAGwAAABoAAAAdAAAAHAAAAL1pAAAeAAAAIQAAACAAAAAjAAAAIgAAACUA\
    AAAkAAAAJwAAACYAAAApAAAAKAAAACsAAAAqAAAALQAAACwAAAAvAAAALgAAADEAAAAwAAAAMwAAADIAAAA1AAAANAAAADcAAAA2\
    AAAAOQAAADgAAAA7AAAAOgAAAD0AAAA8AAAAPwAAAD4AAABBAAAAQAAAAEMAAABCAAAARQAAAEQAAABHAAAARgAAAEkAAABIAAAA\
    SwAAAEoAAABNAAAATAAAAE8AAABOAAAAUQAAAFAAAABTAAAAUgAAAFUAAABUAAAAVwAAAFYAAABZAAAAWAAAAFsAAABaAAAAXQAA\
    AFwAAABfAAAAXgAAAGEAAABgAAAAYwAAAGIAAABlAAAAZAAAAGcAAABmAAAAaQAAAGgAAABrAAAAagAAAG0AAABsAAAAbwAAAG4A\
    AABxAAAAcAAAAHMAAAByAAAAdQAAAHQAAAB3AAAAdgAAAHkAAAB4AAAAewAAAHoAAAB9AAAAfAAAAH8AAAB+AAAAgQAAAIAAAACD\
    AAAAggAAAIUAAACEAAAAhwAAAIYAAACJAAAAiAAAAIsAAACKAAAAjQAAAIwAAACPAAAAjgAAAJEAAACQAAAAkwAAAJIAAACVAAAA\
    lAAAAJcAAACWAAAAmQAAAJgAAACbAAAAmgAAAJ0AAACcAAAAnwAAAJ4AAAChAAAAoAAAAKMAAACiAAAApQAAAKQAAACnAAAApgAA\
    AKkAAACoAAAAqwAAAKoAAACtAAAArAAAAK8AAACuAAAAsQAAALAAAACzAAAAsgAAALUAAAC0AAAAtwAAALYAAAC5AAAAuAAAALsA\
    AAC6AAAAvQAAALwAAAC/AAAAvgAAAMEAAADAAAAAwwAAAMIAAADFAAAAxAAAAMcAAADGAAAAyQAAAMKoAQDLAAAAygAAAM0AAADM\
    AAAAzwAAAM4AAADRAAAA0AAAANMAAADSAAAA1QAAANQAAADXAAAA1gAAANkAAADYAAAA2wAAANoAAADdAAAA3AAAAN8AAADeAAAA\
    4QAAAOAAAADjAAAA4gAAAO80AQDkAAAA5wAAAOYAAADpAAAA6AAAAOsAAADqAAAA7QAAAOwAAADvAAAA7gAAAPEAAADwAAAA8wAA\
    APIAAAD1AAAA9AAAAPcAAAD2AAAA+QAAAPgAAAD7AAAA+gAAAP0AAAD8AAAA/wAAAP4AAAAgADHigYQyAGZpAA==
    """
}
