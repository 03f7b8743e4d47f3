#compdef actrun

__actrun_complete() {
    local -ar non_empty_completions=("${@:#(|:*)}")
    local -ar empty_completions=("${(M)@:#(|:*)}")
    _describe -V '' non_empty_completions -- empty_completions -P $'\'\''
}

__actrun_custom_complete() {
    local -a completions
    completions=("${(@f)"$("${command_name}" "${@}" "${command_line[@]}")"}")
    if [[ "${#completions[@]}" -gt 1 ]]; then
        __actrun_complete "${completions[@]:0:-1}"
    fi
}

__actrun_cursor_index_in_current_word() {
    if [[ -z "${QIPREFIX}${IPREFIX}${PREFIX}" ]]; then
        printf 0
    else
        printf %s "${#${(z)LBUFFER}[-1]}"
    fi
}

_actrun() {
    emulate -RL zsh -G
    setopt extendedglob nullglob numericglobsort
    unsetopt aliases banghist

    local -xr SAP_SHELL=zsh
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(builtin emulate zsh -c 'printf %s "${ZSH_VERSION}"')"
    local -r SAP_SHELL_VERSION

    local context state state_descr line
    local -A opt_args

    local -r command_name="${words[1]}"
    local -ar command_line=("${words[@]}")
    local -ir current_word_index="$((CURRENT - 1))"

    local -i ret=1
    local -ar arg_specs=(
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
        '(-): :->command'
        '(-)*:: :->arg'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0
    case "${state}" in
    command)
        local -ar subcommands=(
            'generate:Continues a text, or the prompts of a file.'
            'chat:Holds a conversation with a model.'
            'embed:Embeds texts: a line of JSON for each, with its vector.'
            'classify:Classifies texts: a line of JSON for each, with its labels.'
            'run:Runs a plan on tensors: its inputs in, its results out.'
            'image:Makes pictures of a text.'
            'score:Scores texts: the log-likelihood of each, the perplexity of all.'
            'eval:Measures what strengths do to generated text, and what they cost in fluency.'
            'bench:Measures how fast a plan runs, always beside the unsteered model.'
            'help:Show subcommand help information.'
        )
        _describe -V subcommand subcommands && ret=0
        ;;
    arg)
        case "${words[1]}" in
        generate|chat|embed|classify|run|image|score|eval|bench|help)
            "_actrun_${words[1]}" && ret=0
            ;;
        esac
        ;;
    esac

    return "${ret}"
}

_actrun_generate() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'json' 'csv' 'tsv')
    local -ar ___condition_on=('generated' 'prompt')
    local -ar arg_specs=(
        ':plan:_files -g '\''*.plan'\'''
        '(--prompt -p)'{--prompt,-p}'[A text to continue; - reads standard input.]:prompt:'
        '(-n --tokens)'{-n,--tokens}'[The most tokens to generate.]:tokens:'
        '--prompts[A data file of prompts to continue, by default a line each.]:prompts:_files'
        '--field[The field that holds the text, as in text or prompt.text.]:field:'
        '--filter[Take only the records that meet all of these, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:filter:'
        '--limit[Take the first N records.]:limit:'
        '--shuffle[Shuffle the records first, with this seed.]:shuffle:'
        '--format[The format of the data; by default what the file'\''s name tells, else txt.]:format:{__actrun_complete "${___format[@]}"}'
        '--no-header[The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….]'
        '(--samples --seeds)'{--samples,--seeds}'[Samples of each prompt, each with its own seed. (default\: 1)]:samples:'
        '--sequences[The most texts to generate together. (default\: 64)]:sequences:'
        '(--output -o)'{--output,-o}'[Add the texts to this file, as JSON lines; a run that was interrupted goes on where it stopped.]:output:_files -g '\''*.jsonl'\'''
        '--temp[Divides the logits; 0 takes the likeliest token. (default\: 0.8)]:temp:'
        '--top-k[Keep the K likeliest tokens; 0 keeps all. (default\: 40)]:top-k:'
        '--top-p[Keep the likeliest tokens that reach this probability together. (default\: 0.95)]:top-p:'
        '--min-p[Drop tokens less likely than this share of the likeliest. (default\: 0.05)]:min-p:'
        '--repetition-penalty[Penalty of tokens seen before; 1 is none. (default\: 1)]:repetition-penalty:'
        '--seed[The same seed gives the same texts. (default\: 0)]:seed:'
        '*--steer[Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0\:1\:0.25.]:expression:'
        '--condition-on[Where maps act that hang on scores of the prompt\: on what is generated after it, or on the prompt too, which is then read a second time.]:condition-on:{__actrun_complete "${___condition_on[@]}"}'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--json[Print a text given with -p as a JSON line too.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_chat() {
    local -i ret=1
    local -ar ___condition_on=('generated' 'prompt')
    local -ar arg_specs=(
        ':plan:_files -g '\''*.plan'\'''
        '--system[What the model is told before the first message.]:system:'
        '(-n --tokens)'{-n,--tokens}'[The most tokens of an answer.]:tokens:'
        '--temp[Divides the logits; 0 takes the likeliest token. (default\: 0.8)]:temp:'
        '--top-k[Keep the K likeliest tokens; 0 keeps all. (default\: 40)]:top-k:'
        '--top-p[Keep the likeliest tokens that reach this probability together. (default\: 0.95)]:top-p:'
        '--min-p[Drop tokens less likely than this share of the likeliest. (default\: 0.05)]:min-p:'
        '--repetition-penalty[Penalty of tokens seen before; 1 is none. (default\: 1)]:repetition-penalty:'
        '--seed[The same seed gives the same texts. (default\: 0)]:seed:'
        '*--steer[Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0\:1\:0.25.]:expression:'
        '--condition-on[Where maps act that hang on scores of the prompt\: on what is generated after it, or on the prompt too, which is then read a second time.]:condition-on:{__actrun_complete "${___condition_on[@]}"}'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_embed() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'json' 'csv' 'tsv')
    local -ar ___pooling=('mean' 'cls' 'last')
    local -ar ___condition_on=('generated' 'prompt')
    local -ar arg_specs=(
        ':plan:_files -g '\''*.plan'\'''
        ':file:_files'
        '(--prompt -p)'{--prompt,-p}'[A single text to take.]:prompt:'
        '--field[The field that holds the text, as in text or prompt.text.]:field:'
        '--filter[Take only the records that meet all of these, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:filter:'
        '--limit[Take the first N records.]:limit:'
        '--shuffle[Shuffle the records first, with this seed.]:shuffle:'
        '--format[The format of the data; by default what the file'\''s name tells, else txt.]:format:{__actrun_complete "${___format[@]}"}'
        '--no-header[The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….]'
        '--pooling[What stands for a text\: the mean of its tokens, the first (cls) or the last.]:pooling:{__actrun_complete "${___pooling[@]}"}'
        '--no-normalize[Leave the vectors as long as they are.]'
        '*--steer[Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0\:1\:0.25.]:expression:'
        '--condition-on[Where maps act that hang on scores of the prompt\: on what is generated after it, or on the prompt too, which is then read a second time.]:condition-on:{__actrun_complete "${___condition_on[@]}"}'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_classify() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'json' 'csv' 'tsv')
    local -ar ___condition_on=('generated' 'prompt')
    local -ar arg_specs=(
        ':plan:_files -g '\''*.plan'\'''
        ':file:_files'
        '(--prompt -p)'{--prompt,-p}'[A single text to take.]:prompt:'
        '--field[The field that holds the text, as in text or prompt.text.]:field:'
        '--filter[Take only the records that meet all of these, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:filter:'
        '--limit[Take the first N records.]:limit:'
        '--shuffle[Shuffle the records first, with this seed.]:shuffle:'
        '--format[The format of the data; by default what the file'\''s name tells, else txt.]:format:{__actrun_complete "${___format[@]}"}'
        '--no-header[The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….]'
        '*--steer[Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0\:1\:0.25.]:expression:'
        '--condition-on[Where maps act that hang on scores of the prompt\: on what is generated after it, or on the prompt too, which is then read a second time.]:condition-on:{__actrun_complete "${___condition_on[@]}"}'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_run() {
    local -i ret=1
    local -ar ___condition_on=('generated' 'prompt')
    local -ar arg_specs=(
        ':plan:_files -g '\''*.plan'\'''
        '--input[A safetensors file with the inputs.]:input:_files -g '\''*.safetensors'\'''
        '(--output -o)'{--output,-o}'[The safetensors file to write.]:output:_files -g '\''*.safetensors'\'''
        '--dump[Sites whose values are results too\: globs, or re\: and a regular expression. What a module reads is NAME\:in, what it adds to that NAME\:delta.]:dump:'
        '--expected[A safetensors file with the results to expect.]:expected:_files -g '\''*.safetensors'\'''
        '--nmse[The largest normalized mean squared error of each expected result.]:nmse:'
        '--prompt-tokens[How many tokens of each sequence are its prompt, for scopes, changing strengths and tests of prompts; by default all.]:n:'
        '*--steer[Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0\:1\:0.25.]:expression:'
        '--condition-on[Where maps act that hang on scores of the prompt\: on what is generated after it, or on the prompt too, which is then read a second time.]:condition-on:{__actrun_complete "${___condition_on[@]}"}'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--json[Print the comparison as JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_image() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'json' 'csv' 'tsv')
    local -ar ___condition_on=('generated' 'prompt')
    local -ar arg_specs=(
        ':plan:_files -g '\''*.plan'\'''
        '*'{--prompt,-p}'[A text, or of a model of classes the name or the number of one; - reads standard input. Several of these make pictures of each.]:prompt:'
        '--prompts[A data file of texts, by default a line each.]:prompts:_files'
        '--field[The field that holds the text, as in text or prompt.text.]:field:'
        '--filter[Take only the records that meet all of these, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:filter:'
        '--limit[Take the first N records.]:limit:'
        '--shuffle[Shuffle the records first, with this seed.]:shuffle:'
        '--format[The format of the data; by default what the file'\''s name tells, else txt.]:format:{__actrun_complete "${___format[@]}"}'
        '--no-header[The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….]'
        '--negative-prompt[What the picture is to be unlike.]:negative-prompt:'
        '--steps[Denoising steps; by default as many as the pipeline'\''s.]:n:'
        '--guidance[How far predictions move from those of the negative prompt to those of the prompt and beyond; 1 and less read the prompt alone. By default as in the pipeline.]:guidance:'
        '--seed[Which noise the pictures begin with.]:seed:'
        '--samples[How many pictures for each set of strengths.]:n:'
        '--latents[First latents in place of the seed'\''s\: a file with the tensor latents, \[B,C,H,W\], for all samples of the first text, then of the next.]:latents:_files -g '\''*.safetensors'\'''
        '--scheduler[A scheduler in place of the pipeline'\''s\: DDIMScheduler, PNDMScheduler, EulerDiscreteScheduler, EulerAncestralDiscreteScheduler, DPMSolverMultistepScheduler, LCMScheduler, FlowMatchEulerDiscreteScheduler.]:class:'
        '--eta[How much of the noise that a step of DDIM removes is drawn anew, 0 to 1.]:eta:'
        '*--steer[Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0\:1\:0.25.]:expression:'
        '--condition-on[Where maps act that hang on scores of the prompt\: on what is generated after it, or on the prompt too, which is then read a second time.]:condition-on:{__actrun_complete "${___condition_on[@]}"}'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '*--steer-negative[Strengths by map for the negative prompt and its predictions; by default those of --steer. 0 steers the prompt alone.]:expression:'
        '(--output -o)'{--output,-o}'[The file to write\: .png or .safetensors.]:file:_files -g '\''*.png *.safetensors'\'''
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_score() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'json' 'csv' 'tsv')
    local -ar ___condition_on=('generated' 'prompt')
    local -ar arg_specs=(
        ':plan:_files -g '\''*.plan'\'''
        ':file:_files'
        '--field[The field that holds the text, as in text or prompt.text.]:field:'
        '--filter[Take only the records that meet all of these, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:filter:'
        '--limit[Take the first N records.]:limit:'
        '--shuffle[Shuffle the records first, with this seed.]:shuffle:'
        '--format[The format of the data; by default what the file'\''s name tells, else txt.]:format:{__actrun_complete "${___format[@]}"}'
        '--no-header[The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….]'
        '--prompt-field[The field with a prompt before the text, read and not scored.]:prompt-field:'
        '*--steer[Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0\:1\:0.25.]:expression:'
        '--condition-on[Where maps act that hang on scores of the prompt\: on what is generated after it, or on the prompt too, which is then read a second time.]:condition-on:{__actrun_complete "${___condition_on[@]}"}'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--json[As JSON, a line for each set of strengths, with the texts'\'' own scores.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_eval() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'json' 'csv' 'tsv')
    local -ar ___condition_on=('generated' 'prompt')
    local -ar arg_specs=(
        ':plan:_files -g '\''*.plan'\'''
        '--generations[Measure the texts of this file, which `actrun generate -o` wrote with the plan.]:generations:_files -g '\''*.jsonl'\'''
        '(-n --tokens)'{-n,--tokens}'[The most tokens to generate. (default\: 40)]:tokens:'
        '--prompts[A data file of prompts to continue, by default a line each.]:prompts:_files'
        '--field[The field that holds the text, as in text or prompt.text.]:field:'
        '--filter[Take only the records that meet all of these, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:filter:'
        '--limit[Take the first N records.]:limit:'
        '--shuffle[Shuffle the records first, with this seed.]:shuffle:'
        '--format[The format of the data; by default what the file'\''s name tells, else txt.]:format:{__actrun_complete "${___format[@]}"}'
        '--no-header[The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….]'
        '(--samples --seeds)'{--samples,--seeds}'[Samples of each prompt, each with its own seed. (default\: 1)]:samples:'
        '--sequences[The most texts to generate together. (default\: 64)]:sequences:'
        '(--output -o)'{--output,-o}'[Add the texts to this file, as JSON lines; a run that was interrupted goes on where it stopped.]:output:_files -g '\''*.jsonl'\'''
        '--temp[Divides the logits; 0 takes the likeliest token. (default\: 0.8)]:temp:'
        '--top-k[Keep the K likeliest tokens; 0 keeps all. (default\: 40)]:top-k:'
        '--top-p[Keep the likeliest tokens that reach this probability together. (default\: 0.95)]:top-p:'
        '--min-p[Drop tokens less likely than this share of the likeliest. (default\: 0.05)]:min-p:'
        '--repetition-penalty[Penalty of tokens seen before; 1 is none. (default\: 1)]:repetition-penalty:'
        '--seed[The same seed gives the same texts. (default\: 0)]:seed:'
        '--concept[A file of words or phrases that show the concept, a line each.]:concept:_files'
        '--judge[The plan under which the texts'\'' perplexity is measured; by default this one, unsteered.]:judge:_files -g '\''*.plan'\'''
        '--held-out[A data file of ordinary texts for perplexity.]:held-out:_files'
        '--held-out-field[The field that holds the held-out text.]:held-out-field:'
        '--held-out-prompt-field[The field with a prompt before the held-out text, read and not scored.]:held-out-prompt-field:'
        '--held-out-filter[Take only the held-out records that meet all of these.]:held-out-filter:'
        '--held-out-limit[Take the first N held-out records.]:held-out-limit:'
        '*--steer[Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0\:1\:0.25.]:expression:'
        '--condition-on[Where maps act that hang on scores of the prompt\: on what is generated after it, or on the prompt too, which is then read a second time.]:condition-on:{__actrun_complete "${___condition_on[@]}"}'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--json[As JSON, a line for each set of strengths.]'
        '--report[Write the JSON lines to this file too.]:report:_files -g '\''*.jsonl'\'''
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_bench() {
    local -i ret=1
    local -ar ___condition_on=('generated' 'prompt')
    local -ar arg_specs=(
        ':plan:_files -g '\''*.plan'\'''
        '(--prompt -p)'{--prompt,-p}'[Prompt tokens. (default\: 512)]:prompt:'
        '(-n --tokens)'{-n,--tokens}'[Generated tokens, of each sequence. (default\: 128)]:tokens:'
        '--sequences[Sequences that decode together. (default\: 1)]:sequences:'
        '--input[A safetensors file with the inputs of a call.]:input:_files -g '\''*.safetensors'\'''
        '(--repetitions -r)'{--repetitions,-r}'[Runs of each row; with --until the fewest.]:repetitions:'
        '--until[Go on until the interval of each cost is at most this wide, as in 1%.]:width:'
        '--at-most[With --until\: stop after so many seconds.]:seconds:'
        '*--steer[Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0\:1\:0.25.]:expression:'
        '--condition-on[Where maps act that hang on scores of the prompt\: on what is generated after it, or on the prompt too, which is then read a second time.]:condition-on:{__actrun_complete "${___condition_on[@]}"}'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--json[As JSON, with the seconds of every run.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_help() {
    local -i ret=1
    local -ar arg_specs=(
        '*:subcommands:'
        '--version[Show the version.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

if [[ "${funcstack[1]}" = _actrun ]]; then
    _actrun "${@}"
else
    compdef _actrun actrun
fi
