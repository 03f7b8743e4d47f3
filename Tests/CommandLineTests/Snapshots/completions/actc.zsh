#compdef actc

__actc_complete() {
    local -ar non_empty_completions=("${@:#(|:*)}")
    local -ar empty_completions=("${(M)@:#(|:*)}")
    _describe -V '' non_empty_completions -- empty_completions -P $'\'\''
}

__actc_custom_complete() {
    local -a completions
    completions=("${(@f)"$("${command_name}" "${@}" "${command_line[@]}")"}")
    if [[ "${#completions[@]}" -gt 1 ]]; then
        __actc_complete "${completions[@]:0:-1}"
    fi
}

__actc_cursor_index_in_current_word() {
    if [[ -z "${QIPREFIX}${IPREFIX}${PREFIX}" ]]; then
        printf 0
    else
        printf %s "${#${(z)LBUFFER}[-1]}"
    fi
}

_actc() {
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
            'import:Turns a GGUF file into a Hugging Face directory.'
            'fit:Fits a map from source to target behaviour at the sites of a model.'
            'collect:Runs a shard of the data through a model, for a fit on several machines.'
            'solve:Fits a map to the samples that all shards of a round have collected.'
            'search:Tells which sites to fit: what maps there reach, and what they cost.'
            'compile:Compiles a model, with maps or without, into a plan.'
            'opt:Runs passes over a graph in the text form and prints the outcome.'
            'show:Prints a model'\''s graph, a map file, a plan or a graph as text.'
            'sites:Lists the activation sites of a model, in order of execution.'
            'methods:Lists the steering methods.'
            'passes:Lists the passes.'
            'help:Show subcommand help information.'
        )
        _describe -V subcommand subcommands && ret=0
        ;;
    arg)
        case "${words[1]}" in
        import|fit|collect|solve|search|compile|opt|show|sites|methods|passes|help)
            "_actc_${words[1]}" && ret=0
            ;;
        esac
        ;;
    esac

    return "${ret}"
}

_actc_import() {
    local -i ret=1
    local -ar arg_specs=(
        ':file:'
        '(--output -o)'{--output,-o}'[The directory to write.]:output:'
        '--dtype[The tensors'\'' element type\: stored (quantised ones as f32), f32, bf16 or f16.]:dtype:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_fit() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'csv' 'tsv')
    local -ar ___pooling=('mean' 'last' 'min' 'max' 'all')
    local -ar ___weights=('f32' 'bf16' 'q8' 'q4')
    local -ar arg_specs=(
        ':model:'
        '--source[Files with examples of the behaviour to leave.]:source:'
        '--target[Files with examples of the behaviour to reach.]:target:'
        '--pairs[Instead of both\: files in which a record has a source and a target; in .txt, with a tab between.]:pairs:'
        '--field[The field that holds the text, as in text or continuation.text.]:field:'
        '--source-field[The same for the source alone.]:source-field:'
        '--target-field[The same for the target alone.]:target-field:'
        '--prompt-field[A field that comes before the text, run as context and not pooled.]:prompt-field:'
        '--filter[Take only records that meet all of these, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:filter:'
        '--source-filter[The same for the source alone.]:source-filter:'
        '--target-filter[The same for the target alone.]:target-filter:'
        '--format[txt, jsonl, csv or tsv; by default what the name of a file tells, else txt.]:format:{__actc_complete "${___format[@]}"}'
        '--no-header[The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….]'
        '--limit[Take at most N samples a side.]:limit:'
        '--seed[Shuffle the samples first, by this seed.]:seed:'
        '--max-tokens[Cut samples to N tokens; by default to the model'\''s context.]:max-tokens:'
        '--sites[Sites\: globs, or re\: and a regular expression, over whole names.]:sites:'
        '--simultaneous[Fit every site on the bare model; by default a site sees all earlier sites transported.]'
        '--pooling[How a sample'\''s tokens become one vector; all\: each is a sample.]:pooling:{__actc_complete "${___pooling[@]}"}'
        '--scope[The tokens to which the map applies\: all, prompt, generated, last, or positions as in 4-9.]:scope:'
        '--skip-first[Leave the first N positions of a sequence out of the fit and alone when steering.]:skip-first:'
        '--weights[What the model'\''s matrices hold while it runs; by default as in the checkpoint.]:weights:{__actc_complete "${___weights[@]}"}'
        '--method[The method; see `actc methods`.]:method:'
        '--support[Where the map applies\: all, or between quantiles of the source, as in q0-100.]:support:'
        '--plot[Write a plot of the distance from source to target by layer, as SVG.]:plot:'
        '--json[Print the summary of the fit as JSON.]'
        '--memory[The memory that may be used, as in 8GiB; by default half of the machine'\''s.]:memory:'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '(--output -o)'{--output,-o}'[The map file to write.]:output:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_collect() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'csv' 'tsv')
    local -ar ___pooling=('mean' 'last' 'min' 'max' 'all')
    local -ar ___weights=('f32' 'bf16' 'q8' 'q4')
    local -ar arg_specs=(
        ':model:'
        '--source[Files with examples of the behaviour to leave.]:source:'
        '--target[Files with examples of the behaviour to reach.]:target:'
        '--pairs[Instead of both\: files in which a record has a source and a target; in .txt, with a tab between.]:pairs:'
        '--field[The field that holds the text, as in text or continuation.text.]:field:'
        '--source-field[The same for the source alone.]:source-field:'
        '--target-field[The same for the target alone.]:target-field:'
        '--prompt-field[A field that comes before the text, run as context and not pooled.]:prompt-field:'
        '--filter[Take only records that meet all of these, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:filter:'
        '--source-filter[The same for the source alone.]:source-filter:'
        '--target-filter[The same for the target alone.]:target-filter:'
        '--format[txt, jsonl, csv or tsv; by default what the name of a file tells, else txt.]:format:{__actc_complete "${___format[@]}"}'
        '--no-header[The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….]'
        '--limit[Take at most N samples a side.]:limit:'
        '--seed[Shuffle the samples first, by this seed.]:seed:'
        '--max-tokens[Cut samples to N tokens; by default to the model'\''s context.]:max-tokens:'
        '--sites[Sites\: globs, or re\: and a regular expression, over whole names.]:sites:'
        '--simultaneous[Fit every site on the bare model; by default a site sees all earlier sites transported.]'
        '--pooling[How a sample'\''s tokens become one vector; all\: each is a sample.]:pooling:{__actc_complete "${___pooling[@]}"}'
        '--scope[The tokens to which the map applies\: all, prompt, generated, last, or positions as in 4-9.]:scope:'
        '--skip-first[Leave the first N positions of a sequence out of the fit and alone when steering.]:skip-first:'
        '--weights[What the model'\''s matrices hold while it runs; by default as in the checkpoint.]:weights:{__actc_complete "${___weights[@]}"}'
        '--memory[The memory that may be used, as in 8GiB; by default half of the machine'\''s.]:memory:'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--rounds[Print how many rounds the fit takes, and do nothing else.]'
        '--shard[The part of the data to take\: i/N, i from 1 to N.]:shard:'
        '--after[The map file of the earlier rounds.]:after:'
        '(--output -o)'{--output,-o}'[The sample file to write.]:output:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_solve() {
    local -i ret=1
    local -ar arg_specs=(
        '*:shards:'
        '--method[The method; see `actc methods`.]:method:'
        '--support[Where the map applies\: all, or between quantiles of the source, as in q0-100.]:support:'
        '--plot[Write a plot of the distance from source to target by layer, as SVG.]:plot:'
        '--json[Print the summary of the fit as JSON.]'
        '--memory[The memory that may be used, as in 8GiB; by default half of the machine'\''s.]:memory:'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--after[The map file of the earlier rounds, the same as for `actc collect`.]:after:'
        '(--output -o)'{--output,-o}'[The map file to write.]:output:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_search() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'csv' 'tsv')
    local -ar ___weights=('f32' 'bf16' 'q8' 'q4')
    local -ar arg_specs=(
        ':model:'
        '--source[Files with examples of the behaviour to leave.]:source:'
        '--target[Files with examples of the behaviour to reach.]:target:'
        '--pairs[Instead of both\: files in which a record has a source and a target; in .txt, with a tab between.]:pairs:'
        '--field[The field that holds the text, as in text or continuation.text.]:field:'
        '--source-field[The same for the source alone.]:source-field:'
        '--target-field[The same for the target alone.]:target-field:'
        '--prompt-field[A field that comes before the text, run as context and not pooled.]:prompt-field:'
        '--filter[Take only records that meet all of these, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:filter:'
        '--source-filter[The same for the source alone.]:source-filter:'
        '--target-filter[The same for the target alone.]:target-filter:'
        '--format[txt, jsonl, csv or tsv; by default what the name of a file tells, else txt.]:format:{__actc_complete "${___format[@]}"}'
        '--no-header[The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….]'
        '--limit[Take at most N samples a side.]:limit:'
        '--seed[Shuffle the samples first, by this seed.]:seed:'
        '--max-tokens[Cut samples to N tokens; by default to the model'\''s context.]:max-tokens:'
        '--held-out[Texts of the ordinary kind\: .txt, a line each, or .jsonl of {"text"\: …}.]:held-out:'
        '--sites[Sites\: globs, or re\: and a regular expression, over whole names.]:sites:'
        '--parts[Into how many ranges of layers each kind of site is divided.]:parts:'
        '--strength[The strength of the maps that are measured.]:strength:'
        '--weights[What the model'\''s matrices hold while it runs; by default as in the checkpoint.]:weights:{__actc_complete "${___weights[@]}"}'
        '--method[The method; see `actc methods`.]:method:'
        '--support[Where the map applies\: all, or between quantiles of the source, as in q0-100.]:support:'
        '--memory[The memory that may be used, as in 8GiB; by default half of the machine'\''s.]:memory:'
        '(--threads -t)'{--threads,-t}'[Threads; by default one a processor.]:threads:'
        '--json[As JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_compile() {
    local -i ret=1
    local -ar ___weights=('f32' 'bf16' 'q8' 'q4')
    local -ar arg_specs=(
        ':model:'
        '*--maps[A map file and the name of its dial; may be repeated.]:name=file:'
        '*--force[A check to skip\: fingerprint.]:check:'
        '--weights[What the plan'\''s matrices hold.]:weights:{__actc_complete "${___weights[@]}"}'
        '--kv[The element type of cached keys and values\: bf16 or f32.]:kv:'
        '*--freeze[Fold a map at a strength.]:name=strength:'
        '(--output -o)'{--output,-o}'[The plan to write.]:output:'
        '--context[The longest sequence, in tokens; by default the model'\''s own, at most 2048.]:context:'
        '--rows[The most tokens of one step, over all sequences.]:rows:'
        '--no-fuse[Leave the graph as it is written\: fold, merge and fuse nothing.]'
        '--no-arena[Give every buffer bytes of its own.]'
        '--reference[Both of these\: the plan to compare others with.]'
        '--print-after[Print the graph after these passes, or after all.]:names|all:'
        '--verify-each[Verify the graph after each pass.]'
        '--no-verify-each[Verify the graph after each pass.]'
        '--timing[Print how long each pass took.]'
        '--stop-after[Run no pass after this one.]:name:'
        '--bisect[Run the first N passes only, to bisect.]:n:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_opt() {
    local -i ret=1
    local -ar arg_specs=(
        ':file:'
        '--passes[The passes, in order; by default the whole pipeline.]:a,b,c:'
        '*--maps[A map file and the name of its dial; may be repeated.]:name=file:'
        '*--force[A check to skip\: fingerprint.]:check:'
        '--print-after[Print the graph after these passes, or after all.]:names|all:'
        '--verify-each[Verify the graph after each pass.]'
        '--no-verify-each[Verify the graph after each pass.]'
        '--timing[Print how long each pass took.]'
        '--stop-after[Run no pass after this one.]:name:'
        '--bisect[Run the first N passes only, to bisect.]:n:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_show() {
    local -i ret=1
    local -ar arg_specs=(
        ':file:'
        '--summary[A plan'\''s sizes only, not its programs.]'
        '--json[As JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_sites() {
    local -i ret=1
    local -ar arg_specs=(
        ':model:'
        '--sites[Only the sites that these patterns match\: globs, or re\: and a regular expression.]:sites:'
        '--json[As JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_methods() {
    local -i ret=1
    local -ar arg_specs=(
        '--json[As JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_passes() {
    local -i ret=1
    local -ar arg_specs=(
        '--json[As JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_help() {
    local -i ret=1
    local -ar arg_specs=(
        '*:subcommands:'
        '--version[Show the version.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

if [[ "${funcstack[1]}" = _actc ]]; then
    _actc "${@}"
else
    compdef _actc actc
fi
