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
            'generate:Continues a text.'
            'run:Runs a plan on tensors: `tokens` in, the plan'\''s results out.'
            'score:Scores texts: log-likelihood of each, perplexity of all.'
            'eval:Measures a concept over strengths: how often it shows, and what it costs in fluency.'
            'bench:Measures prefill and decode, always beside the unsteered model.'
            'help:Show subcommand help information.'
        )
        _describe -V subcommand subcommands && ret=0
        ;;
    arg)
        case "${words[1]}" in
        generate|run|score|eval|bench|help)
            "_actrun_${words[1]}" && ret=0
            ;;
        esac
        ;;
    esac

    return "${ret}"
}

_actrun_generate() {
    local -i ret=1
    local -ar arg_specs=(
        ':plan:'
        '(--prompt -p)'{--prompt,-p}'[The text to continue; - reads standard input.]:prompt:'
        '(-n --tokens)'{-n,--tokens}'[The most tokens to generate.]:tokens:'
        '--steer[Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0\:1\:0.25.]:expression:'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--temp[Divides the logits; 0 takes the likeliest token.]:temp:'
        '--top-k[Keep the k likeliest tokens; 0 keeps all.]:top-k:'
        '--top-p[Keep the likeliest tokens that reach this probability together.]:top-p:'
        '--min-p[Drop tokens less likely than this share of the likeliest.]:min-p:'
        '--repetition-penalty[Penalty of tokens seen before; 1 is none.]:repetition-penalty:'
        '--seed[The same seed gives the same text.]:seed:'
        '--json[As JSON, at the end.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_run() {
    local -i ret=1
    local -ar arg_specs=(
        ':plan:'
        '--input[A safetensors file with the inputs.]:input:'
        '(--output -o)'{--output,-o}'[The safetensors file to write.]:output:'
        '--dump[Sites whose values are wanted too\: globs, or re\: and an expression.]:dump:'
        '--expected[A safetensors file with results to compare with.]:expected:'
        '--atol[The absolute tolerance.]:atol:'
        '--rtol[The relative tolerance.]:rtol:'
        '--steer[Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0\:1\:0.25.]:expression:'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_score() {
    local -i ret=1
    local -ar arg_specs=(
        ':plan:'
        ':file:'
        '--steer[Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0\:1\:0.25.]:expression:'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--json[As JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_eval() {
    local -i ret=1
    local -ar arg_specs=(
        ':plan:'
        '--prompts[Texts to continue, a line each.]:prompts:'
        '--concept[Words that show the concept, a line each.]:concept:'
        '--held-out[Ordinary text for perplexity, a line each.]:held-out:'
        '(-n --tokens)'{-n,--tokens}'[Tokens a continuation.]:tokens:'
        '--expect-rise[Fail (exit code 1) unless the share rises by this much from the first strength to the last.]:expect-rise:'
        '--expect-fluency[Fail unless each continuation perplexity stays below this factor of the first.]:expect-fluency:'
        '--steer[Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0\:1\:0.25.]:expression:'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--temp[Divides the logits; 0 takes the likeliest token.]:temp:'
        '--top-k[Keep the k likeliest tokens; 0 keeps all.]:top-k:'
        '--top-p[Keep the likeliest tokens that reach this probability together.]:top-p:'
        '--min-p[Drop tokens less likely than this share of the likeliest.]:min-p:'
        '--repetition-penalty[Penalty of tokens seen before; 1 is none.]:repetition-penalty:'
        '--seed[The same seed gives the same text.]:seed:'
        '--json[As JSON, with the texts.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actrun_bench() {
    local -i ret=1
    local -ar arg_specs=(
        ':plan:'
        '(--prompt -p)'{--prompt,-p}'[Prompt tokens.]:prompt:'
        '(-n --tokens)'{-n,--tokens}'[Generated tokens, of each sequence.]:tokens:'
        '--sequences[Sequences that decode together.]:sequences:'
        '(--repetitions -r)'{--repetitions,-r}'[Runs of each row.]:repetitions:'
        '(--output -o)'{--output,-o}'[The form\: md or json.]:output:'
        '--steer[Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0\:1\:0.25.]:expression:'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
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
