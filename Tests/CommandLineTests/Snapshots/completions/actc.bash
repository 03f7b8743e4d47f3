#!/bin/bash

__actc_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__actc_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__actc_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__actc_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_actc() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=()
    __actc_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    import|fit|collect|solve|search|convert|conceptor|compile|bake|opt|show|models|sites|methods|new-method|passes|help)
        # Offer subcommand argument completions
        "_actc_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'import fit collect solve search convert conceptor compile bake opt show models sites methods new-method passes help' -- "${cur}"))
        ;;
    esac
}

_actc_import() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--output -o --dtype)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--output'|'-o')
        __actc_add_completions -d
        return
        ;;
    '--dtype')
        __actc_add_completions -W 'stored'$'\n''f32'$'\n''bf16'$'\n''f16'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -o plusdirs -fX '!*.@(gguf)'
        return
        ;;
    esac
}

_actc_fit() {
    repeating_flags=()
    non_repeating_flags=(--no-header --disjoint --no-disjoint --simultaneous --json --version -h --help)
    repeating_options=(--component --lora --source --target --pairs --filter --source-filter --target-filter --sites --encoder-maps --option)
    non_repeating_options=(--module --size --field --source-field --target-field --prompt-field --format --limit --seed --max-tokens --pooling --scope --skip-first --weights --append-source --append-target --append-fixed --append-drawn --steps --of-steps --apply-steps --scheduler --method --support --plot --memory --threads -t -o --output)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--module')
        return
        ;;
    '--size')
        return
        ;;
    '--component')
        return
        ;;
    '--lora')
        __actc_add_completions -d
        return
        ;;
    '--source')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--target')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--pairs')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--field')
        return
        ;;
    '--source-field')
        return
        ;;
    '--target-field')
        return
        ;;
    '--prompt-field')
        return
        ;;
    '--filter')
        return
        ;;
    '--source-filter')
        return
        ;;
    '--target-filter')
        return
        ;;
    '--format')
        __actc_add_completions -W 'txt'$'\n''jsonl'$'\n''json'$'\n''csv'$'\n''tsv'
        return
        ;;
    '--limit')
        return
        ;;
    '--seed')
        return
        ;;
    '--max-tokens')
        return
        ;;
    '--sites')
        return
        ;;
    '--pooling')
        __actc_add_completions -W 'mean'$'\n''last'$'\n''min'$'\n''max'$'\n''all'
        return
        ;;
    '--scope')
        __actc_add_completions -W 'all'$'\n''prompt'$'\n''generated'$'\n''last'
        return
        ;;
    '--skip-first')
        return
        ;;
    '--weights')
        __actc_add_completions -W 'f32'$'\n''bf16'$'\n''q8'$'\n''q4'
        return
        ;;
    '--append-source')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--append-target')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--append-fixed')
        return
        ;;
    '--append-drawn')
        return
        ;;
    '--steps')
        return
        ;;
    '--of-steps')
        return
        ;;
    '--apply-steps')
        return
        ;;
    '--scheduler')
        __actc_add_completions -W 'DDIMScheduler'$'\n''PNDMScheduler'$'\n''EulerDiscreteScheduler'$'\n''EulerAncestralDiscreteScheduler'$'\n''DPMSolverMultistepScheduler'$'\n''LCMScheduler'$'\n''FlowMatchEulerDiscreteScheduler'
        return
        ;;
    '--encoder-maps')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    '--method')
        __actc_add_completions -W 'linear-act'$'\n''gaussian-act'$'\n''mean-act'$'\n''pid-act'$'\n''sliced-act'$'\n''contrastive-act'$'\n''actadd'$'\n''caa'$'\n''repe'$'\n''cast'$'\n''east'$'\n''iti-m'$'\n''iti-c'$'\n''aura'$'\n''det0'$'\n''damp'$'\n''austeer'$'\n''ablation'$'\n''leace'$'\n''gaussian-ot'$'\n''lowrank-ot'$'\n''conceptor'$'\n''angular'$'\n''spherical'
        return
        ;;
    '--option')
        return
        ;;
    '--support')
        __actc_add_completions -W 'all'$'\n''q0-100'
        return
        ;;
    '--plot')
        __actc_add_completions -o plusdirs -fX '!*.@(svg)'
        return
        ;;
    '--memory')
        return
        ;;
    '--threads'|'-t')
        return
        ;;
    '-o'|'--output')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -o plusdirs -fX '!*.@(gguf)'
        return
        ;;
    esac
}

_actc_collect() {
    repeating_flags=()
    non_repeating_flags=(--no-header --disjoint --no-disjoint --simultaneous --rounds --version -h --help)
    repeating_options=(--component --lora --source --target --pairs --filter --source-filter --target-filter --sites --encoder-maps)
    non_repeating_options=(--module --size --field --source-field --target-field --prompt-field --format --limit --seed --max-tokens --pooling --scope --skip-first --weights --append-source --append-target --append-fixed --append-drawn --steps --of-steps --apply-steps --scheduler --memory --threads -t --shard --after --output -o)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--module')
        return
        ;;
    '--size')
        return
        ;;
    '--component')
        return
        ;;
    '--lora')
        __actc_add_completions -d
        return
        ;;
    '--source')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--target')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--pairs')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--field')
        return
        ;;
    '--source-field')
        return
        ;;
    '--target-field')
        return
        ;;
    '--prompt-field')
        return
        ;;
    '--filter')
        return
        ;;
    '--source-filter')
        return
        ;;
    '--target-filter')
        return
        ;;
    '--format')
        __actc_add_completions -W 'txt'$'\n''jsonl'$'\n''json'$'\n''csv'$'\n''tsv'
        return
        ;;
    '--limit')
        return
        ;;
    '--seed')
        return
        ;;
    '--max-tokens')
        return
        ;;
    '--sites')
        return
        ;;
    '--pooling')
        __actc_add_completions -W 'mean'$'\n''last'$'\n''min'$'\n''max'$'\n''all'
        return
        ;;
    '--scope')
        __actc_add_completions -W 'all'$'\n''prompt'$'\n''generated'$'\n''last'
        return
        ;;
    '--skip-first')
        return
        ;;
    '--weights')
        __actc_add_completions -W 'f32'$'\n''bf16'$'\n''q8'$'\n''q4'
        return
        ;;
    '--append-source')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--append-target')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--append-fixed')
        return
        ;;
    '--append-drawn')
        return
        ;;
    '--steps')
        return
        ;;
    '--of-steps')
        return
        ;;
    '--apply-steps')
        return
        ;;
    '--scheduler')
        __actc_add_completions -W 'DDIMScheduler'$'\n''PNDMScheduler'$'\n''EulerDiscreteScheduler'$'\n''EulerAncestralDiscreteScheduler'$'\n''DPMSolverMultistepScheduler'$'\n''LCMScheduler'$'\n''FlowMatchEulerDiscreteScheduler'
        return
        ;;
    '--encoder-maps')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    '--memory')
        return
        ;;
    '--threads'|'-t')
        return
        ;;
    '--shard')
        return
        ;;
    '--after')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    '--output'|'-o')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -o plusdirs -fX '!*.@(gguf)'
        return
        ;;
    esac
}

_actc_solve() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=(--option)
    non_repeating_options=(--method --support --plot --memory --threads -t --after -o --output)
    __actc_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--method')
        __actc_add_completions -W 'linear-act'$'\n''gaussian-act'$'\n''mean-act'$'\n''pid-act'$'\n''sliced-act'$'\n''contrastive-act'$'\n''actadd'$'\n''caa'$'\n''repe'$'\n''cast'$'\n''east'$'\n''iti-m'$'\n''iti-c'$'\n''aura'$'\n''det0'$'\n''damp'$'\n''austeer'$'\n''ablation'$'\n''leace'$'\n''gaussian-ot'$'\n''lowrank-ot'$'\n''conceptor'$'\n''angular'$'\n''spherical'
        return
        ;;
    '--option')
        return
        ;;
    '--support')
        __actc_add_completions -W 'all'$'\n''q0-100'
        return
        ;;
    '--plot')
        __actc_add_completions -o plusdirs -fX '!*.@(svg)'
        return
        ;;
    '--memory')
        return
        ;;
    '--threads'|'-t')
        return
        ;;
    '--after')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    '-o'|'--output')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    esac
}

_actc_search() {
    repeating_flags=()
    non_repeating_flags=(--no-header --disjoint --no-disjoint --json --version -h --help)
    repeating_options=(--source --target --pairs --filter --source-filter --target-filter --sites --option)
    non_repeating_options=(--field --source-field --target-field --prompt-field --format --limit --seed --max-tokens --held-out --parts --strength --weights --method --support --memory --threads -t)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--source')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--target')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--pairs')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--field')
        return
        ;;
    '--source-field')
        return
        ;;
    '--target-field')
        return
        ;;
    '--prompt-field')
        return
        ;;
    '--filter')
        return
        ;;
    '--source-filter')
        return
        ;;
    '--target-filter')
        return
        ;;
    '--format')
        __actc_add_completions -W 'txt'$'\n''jsonl'$'\n''json'$'\n''csv'$'\n''tsv'
        return
        ;;
    '--limit')
        return
        ;;
    '--seed')
        return
        ;;
    '--max-tokens')
        return
        ;;
    '--held-out')
        __actc_add_completions -o plusdirs -fX '!*.@(txt|jsonl|json|csv|tsv|safetensors)'
        return
        ;;
    '--sites')
        return
        ;;
    '--parts')
        return
        ;;
    '--strength')
        return
        ;;
    '--weights')
        __actc_add_completions -W 'f32'$'\n''bf16'$'\n''q8'$'\n''q4'
        return
        ;;
    '--method')
        __actc_add_completions -W 'linear-act'$'\n''gaussian-act'$'\n''mean-act'$'\n''pid-act'$'\n''sliced-act'$'\n''contrastive-act'$'\n''actadd'$'\n''caa'$'\n''repe'$'\n''cast'$'\n''east'$'\n''iti-m'$'\n''iti-c'$'\n''aura'$'\n''det0'$'\n''damp'$'\n''austeer'$'\n''ablation'$'\n''leace'$'\n''gaussian-ot'$'\n''lowrank-ot'$'\n''conceptor'$'\n''angular'$'\n''spherical'
        return
        ;;
    '--option')
        return
        ;;
    '--support')
        __actc_add_completions -W 'all'$'\n''q0-100'
        return
        ;;
    '--memory')
        return
        ;;
    '--threads'|'-t')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -o plusdirs -fX '!*.@(gguf)'
        return
        ;;
    esac
}

_actc_convert() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=(--force)
    non_repeating_options=(--model --to --output -o --strength --layer-base)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--model')
        __actc_add_completions -o plusdirs -fX '!*.@(gguf)'
        return
        ;;
    '--to')
        __actc_add_completions -W 'map'$'\n''control-vector'$'\n''lora'
        return
        ;;
    '--output'|'-o')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors|gguf)'
        return
        ;;
    '--strength')
        return
        ;;
    '--layer-base')
        return
        ;;
    '--force')
        __actc_add_completions -W 'fingerprint'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors|gguf)'
        return
        ;;
    esac
}

_actc_conceptor() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--beta -o --output)
    __actc_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--beta')
        return
        ;;
    '-o'|'--output')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -W 'and'$'\n''or'$'\n''not'
        return
        ;;
    *)
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    esac
}

_actc_compile() {
    repeating_flags=()
    non_repeating_flags=(--no-fuse --no-arena --reference --verify-each --no-verify-each --timing --version -h --help)
    repeating_options=(--component --lora --maps --force --score --score-at --gate --freeze)
    non_repeating_options=(--module --size --weights --kv --output -o --context --rows --entries --image-rows --decode-tile --print-after --stop-after --bisect)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--module')
        return
        ;;
    '--size')
        return
        ;;
    '--component')
        return
        ;;
    '--lora')
        __actc_add_completions -d
        return
        ;;
    '--maps')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    '--force')
        __actc_add_completions -W 'fingerprint'
        return
        ;;
    '--score')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    '--score-at')
        return
        ;;
    '--gate')
        return
        ;;
    '--weights')
        __actc_add_completions -W 'f32'$'\n''bf16'$'\n''q8'$'\n''q4'
        return
        ;;
    '--kv')
        __actc_add_completions -W 'bf16'$'\n''f32'
        return
        ;;
    '--freeze')
        return
        ;;
    '--output'|'-o')
        __actc_add_completions -o plusdirs -fX '!*.@(plan)'
        return
        ;;
    '--context')
        return
        ;;
    '--rows')
        return
        ;;
    '--entries')
        return
        ;;
    '--image-rows')
        return
        ;;
    '--decode-tile')
        return
        ;;
    '--print-after')
        __actc_add_completions -W 'all'$'\n''insert-transports'$'\n''freeze-dials'$'\n''expand-pixel-means'$'\n''fold-constants'$'\n''recognize-affine'$'\n''fold-affine-into-norm'$'\n''fold-affine-into-linear'$'\n''fold-affine-into-readers'$'\n''fold-shift-into-readers'$'\n''fold-map-into-linear'$'\n''fold-map-into-readers'$'\n''fold-affine-into-moments'$'\n''common-subexpressions'$'\n''fuse-elementwise'$'\n''split-linears'$'\n''fuse-epilogues'$'\n''merge-linears'$'\n''pair-convolutions'$'\n''pack-weights'$'\n''dead-code'$'\n''move-affine-to-weights'$'\n''fold-affine-into-stored-norm'$'\n''fold-affine-into-table'
        return
        ;;
    '--stop-after')
        __actc_add_completions -W 'insert-transports'$'\n''freeze-dials'$'\n''expand-pixel-means'$'\n''fold-constants'$'\n''recognize-affine'$'\n''fold-affine-into-norm'$'\n''fold-affine-into-linear'$'\n''fold-affine-into-readers'$'\n''fold-shift-into-readers'$'\n''fold-map-into-linear'$'\n''fold-map-into-readers'$'\n''fold-affine-into-moments'$'\n''common-subexpressions'$'\n''fuse-elementwise'$'\n''split-linears'$'\n''fuse-epilogues'$'\n''merge-linears'$'\n''pair-convolutions'$'\n''pack-weights'$'\n''dead-code'$'\n''move-affine-to-weights'$'\n''fold-affine-into-stored-norm'$'\n''fold-affine-into-table'
        return
        ;;
    '--bisect')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -o plusdirs -fX '!*.@(gguf)'
        return
        ;;
    esac
}

_actc_bake() {
    repeating_flags=()
    non_repeating_flags=(--approximate --replace --measure --no-measure --version -h --help)
    repeating_options=(--lora --maps --force --strength)
    non_repeating_options=(--for --dtype --output -o)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--lora')
        __actc_add_completions -d
        return
        ;;
    '--maps')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    '--force')
        __actc_add_completions -W 'fingerprint'
        return
        ;;
    '--strength')
        return
        ;;
    '--for')
        __actc_add_completions -W 'transformers'$'\n''vllm'$'\n''llama.cpp'
        return
        ;;
    '--dtype')
        __actc_add_completions -W 'stored'$'\n''f32'$'\n''bf16'$'\n''f16'
        return
        ;;
    '--output'|'-o')
        __actc_add_completions -d
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -o plusdirs -fX '!*.@(gguf)'
        return
        ;;
    esac
}

_actc_opt() {
    repeating_flags=()
    non_repeating_flags=(--verify-each --no-verify-each --timing --version -h --help)
    repeating_options=(--maps --force)
    non_repeating_options=(--passes --print-after --stop-after --bisect)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--passes')
        __actc_add_completions -W 'insert-transports'$'\n''freeze-dials'$'\n''expand-pixel-means'$'\n''fold-constants'$'\n''recognize-affine'$'\n''fold-affine-into-norm'$'\n''fold-affine-into-linear'$'\n''fold-affine-into-readers'$'\n''fold-shift-into-readers'$'\n''fold-map-into-linear'$'\n''fold-map-into-readers'$'\n''fold-affine-into-moments'$'\n''common-subexpressions'$'\n''fuse-elementwise'$'\n''split-linears'$'\n''fuse-epilogues'$'\n''merge-linears'$'\n''pair-convolutions'$'\n''pack-weights'$'\n''dead-code'$'\n''move-affine-to-weights'$'\n''fold-affine-into-stored-norm'$'\n''fold-affine-into-table'
        return
        ;;
    '--maps')
        __actc_add_completions -o plusdirs -fX '!*.@(safetensors)'
        return
        ;;
    '--force')
        __actc_add_completions -W 'fingerprint'
        return
        ;;
    '--print-after')
        __actc_add_completions -W 'all'$'\n''insert-transports'$'\n''freeze-dials'$'\n''expand-pixel-means'$'\n''fold-constants'$'\n''recognize-affine'$'\n''fold-affine-into-norm'$'\n''fold-affine-into-linear'$'\n''fold-affine-into-readers'$'\n''fold-shift-into-readers'$'\n''fold-map-into-linear'$'\n''fold-map-into-readers'$'\n''fold-affine-into-moments'$'\n''common-subexpressions'$'\n''fuse-elementwise'$'\n''split-linears'$'\n''fuse-epilogues'$'\n''merge-linears'$'\n''pair-convolutions'$'\n''pack-weights'$'\n''dead-code'$'\n''move-affine-to-weights'$'\n''fold-affine-into-stored-norm'$'\n''fold-affine-into-table'
        return
        ;;
    '--stop-after')
        __actc_add_completions -W 'insert-transports'$'\n''freeze-dials'$'\n''expand-pixel-means'$'\n''fold-constants'$'\n''recognize-affine'$'\n''fold-affine-into-norm'$'\n''fold-affine-into-linear'$'\n''fold-affine-into-readers'$'\n''fold-shift-into-readers'$'\n''fold-map-into-linear'$'\n''fold-map-into-readers'$'\n''fold-affine-into-moments'$'\n''common-subexpressions'$'\n''fuse-elementwise'$'\n''split-linears'$'\n''fuse-epilogues'$'\n''merge-linears'$'\n''pair-convolutions'$'\n''pack-weights'$'\n''dead-code'$'\n''move-affine-to-weights'$'\n''fold-affine-into-stored-norm'$'\n''fold-affine-into-table'
        return
        ;;
    '--bisect')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -o plusdirs -fX '!*.@(gguf|graph)'
        return
        ;;
    esac
}

_actc_show() {
    repeating_flags=()
    non_repeating_flags=(--summary --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--module --size)
    __actc_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--module')
        return
        ;;
    '--size')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __actc_add_completions -o plusdirs -fX '!*.@(gguf|plan|safetensors|graph)'
        return
        ;;
    esac
}

_actc_models() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __actc_offer_flags_options 0
}

_actc_sites() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=(--sites)
    non_repeating_options=(--module --size)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--module')
        return
        ;;
    '--size')
        return
        ;;
    '--sites')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -o plusdirs -fX '!*.@(gguf)'
        return
        ;;
    esac
}

_actc_methods() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __actc_offer_flags_options 1

    # Offer positional completions
    case "${positional_number}" in
    1)
        __actc_add_completions -W 'linear-act'$'\n''gaussian-act'$'\n''mean-act'$'\n''pid-act'$'\n''sliced-act'$'\n''contrastive-act'$'\n''actadd'$'\n''caa'$'\n''repe'$'\n''cast'$'\n''east'$'\n''iti-m'$'\n''iti-c'$'\n''aura'$'\n''det0'$'\n''damp'$'\n''austeer'$'\n''ablation'$'\n''leace'$'\n''gaussian-ot'$'\n''lowrank-ot'$'\n''conceptor'$'\n''angular'$'\n''spherical'
        return
        ;;
    esac
}

_actc_new-method() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--output -o --package)
    __actc_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--output'|'-o')
        __actc_add_completions -d
        return
        ;;
    '--package')
        __actc_add_completions -d
        return
        ;;
    esac
}

_actc_passes() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __actc_offer_flags_options 0
}

_actc_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __actc_offer_flags_options -1
}

complete -o filenames -F _actc actc
