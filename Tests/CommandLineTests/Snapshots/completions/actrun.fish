function __actrun_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __actrun_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __actrun_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __actrun_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __actrun_parse_tokens -S
    set -l unparsed_tokens (__actrun_tokens -pc)
    switch $unparsed_tokens[1]
    case 'actrun'
        __actrun_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'generate'
            __actrun_parse_subcommand 1 'p/prompt=' 'n/tokens=' 'steer=' 't/threads=' 'temp=' 'top-k=' 'top-p=' 'min-p=' 'repetition-penalty=' 'seed=' 'json' 'version' 'h/help'
        case 'run'
            __actrun_parse_subcommand 1 'input=' 'o/output=' 'dump=+' 'expected=' 'atol=' 'rtol=' 'steer=' 't/threads=' 'version' 'h/help'
        case 'score'
            __actrun_parse_subcommand 2 'steer=' 't/threads=' 'json' 'version' 'h/help'
        case 'eval'
            __actrun_parse_subcommand 1 'prompts=' 'concept=' 'held-out=' 'n/tokens=' 'expect-rise=' 'expect-fluency=' 'steer=' 't/threads=' 'temp=' 'top-k=' 'top-p=' 'min-p=' 'repetition-penalty=' 'seed=' 'json' 'version' 'h/help'
        case 'bench'
            __actrun_parse_subcommand 1 'p/prompt=' 'n/tokens=' 'sequences=' 'r/repetitions=' 'o/output=' 'steer=' 't/threads=' 'version' 'h/help'
        case 'help'
            __actrun_parse_subcommand -r 1 'version'
        end
    end
end

function __actrun_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __actrun_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __actrun_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __actrun_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__actrun_tokens -p)
    if test -z "$(__actrun_tokens -t)"
        set -l index (count (__actrun_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'actrun' -f
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'generate' -d 'Continues a text.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'run' -d 'Runs a plan on tensors: `tokens` in, the plan\'s results out.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'score' -d 'Scores texts: log-likelihood of each, perplexity of all.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'eval' -d 'Measures a concept over strengths: how often it shows, and what it costs in fluency.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'bench' -d 'Measures prefill and decode, always beside the unsteered model.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" p prompt' -l 'prompt' -s 'p' -d 'The text to continue; - reads standard input.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" n tokens' -s 'n' -l 'tokens' -d 'The most tokens to generate.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" steer' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" temp' -l 'temp' -d 'Divides the logits; 0 takes the likeliest token.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" top-k' -l 'top-k' -d 'Keep the k likeliest tokens; 0 keeps all.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" top-p' -l 'top-p' -d 'Keep the likeliest tokens that reach this probability together.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" min-p' -l 'min-p' -d 'Drop tokens less likely than this share of the likeliest.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" repetition-penalty' -l 'repetition-penalty' -d 'Penalty of tokens seen before; 1 is none.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" seed' -l 'seed' -d 'The same seed gives the same text.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" json' -l 'json' -d 'As JSON, at the end.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" input' -l 'input' -d 'A safetensors file with the inputs.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" o output' -l 'output' -s 'o' -d 'The safetensors file to write.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run"' -l 'dump' -d 'Sites whose values are wanted too: globs, or re: and an expression.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" expected' -l 'expected' -d 'A safetensors file with results to compare with.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" atol' -l 'atol' -d 'The absolute tolerance.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" rtol' -l 'rtol' -d 'The relative tolerance.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" steer' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" steer' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" json' -l 'json' -d 'As JSON.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" prompts' -l 'prompts' -d 'Texts to continue, a line each.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" concept' -l 'concept' -d 'Words that show the concept, a line each.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" held-out' -l 'held-out' -d 'Ordinary text for perplexity, a line each.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" n tokens' -s 'n' -l 'tokens' -d 'Tokens a continuation.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" expect-rise' -l 'expect-rise' -d 'Fail (exit code 1) unless the share rises by this much from the first strength to the last.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" expect-fluency' -l 'expect-fluency' -d 'Fail unless each continuation perplexity stays below this factor of the first.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" steer' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" temp' -l 'temp' -d 'Divides the logits; 0 takes the likeliest token.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" top-k' -l 'top-k' -d 'Keep the k likeliest tokens; 0 keeps all.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" top-p' -l 'top-p' -d 'Keep the likeliest tokens that reach this probability together.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" min-p' -l 'min-p' -d 'Drop tokens less likely than this share of the likeliest.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" repetition-penalty' -l 'repetition-penalty' -d 'Penalty of tokens seen before; 1 is none.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" seed' -l 'seed' -d 'The same seed gives the same text.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" json' -l 'json' -d 'As JSON, with the texts.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" p prompt' -l 'prompt' -s 'p' -d 'Prompt tokens.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" n tokens' -s 'n' -l 'tokens' -d 'Generated tokens, of each sequence.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" sequences' -l 'sequences' -d 'Sequences that decode together.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" r repetitions' -l 'repetitions' -s 'r' -d 'Runs of each row.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" o output' -l 'output' -s 'o' -d 'The form: md or json.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" steer' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3; a sweep takes ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun help" version' -l 'version' -d 'Show the version.'
