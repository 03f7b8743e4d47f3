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
            __actrun_parse_subcommand 1 'p/prompt=' 'n/tokens=' 'prompts=' 'field=' 'filter=+' 'limit=' 'shuffle=' 'format=' 'no-header' 'samples=' 'sequences=' 'o/output=' 'temp=' 'top-k=' 'top-p=' 'min-p=' 'repetition-penalty=' 'seed=' 'steer=+' 'condition-on=' 't/threads=' 'json' 'version' 'h/help'
        case 'chat'
            __actrun_parse_subcommand 1 'system=' 'n/tokens=' 'temp=' 'top-k=' 'top-p=' 'min-p=' 'repetition-penalty=' 'seed=' 'steer=+' 'condition-on=' 't/threads=' 'version' 'h/help'
        case 'embed'
            __actrun_parse_subcommand 2 'p/prompt=' 'field=' 'filter=+' 'limit=' 'shuffle=' 'format=' 'no-header' 'pooling=' 'no-normalize' 'steer=+' 'condition-on=' 't/threads=' 'version' 'h/help'
        case 'classify'
            __actrun_parse_subcommand 2 'p/prompt=' 'field=' 'filter=+' 'limit=' 'shuffle=' 'format=' 'no-header' 'steer=+' 'condition-on=' 't/threads=' 'version' 'h/help'
        case 'run'
            __actrun_parse_subcommand 1 'input=' 'o/output=' 'dump=+' 'expected=' 'nmse=' 'prompt-tokens=' 'steer=+' 'condition-on=' 't/threads=' 'json' 'version' 'h/help'
        case 'image'
            __actrun_parse_subcommand 1 'p/prompt=+' 'prompts=' 'field=' 'filter=+' 'limit=' 'shuffle=' 'format=' 'no-header' 'negative-prompt=' 'steps=' 'guidance=' 'seed=' 'samples=' 'latents=' 'scheduler=' 'eta=' 'steer=+' 'condition-on=' 't/threads=' 'steer-negative=+' 'o/output=' 'version' 'h/help'
        case 'score'
            __actrun_parse_subcommand 2 'field=' 'filter=+' 'limit=' 'shuffle=' 'format=' 'no-header' 'prompt-field=' 'steer=+' 'condition-on=' 't/threads=' 'json' 'version' 'h/help'
        case 'eval'
            __actrun_parse_subcommand 1 'generations=' 'n/tokens=' 'prompts=' 'field=' 'filter=+' 'limit=' 'shuffle=' 'format=' 'no-header' 'samples=' 'sequences=' 'o/output=' 'temp=' 'top-k=' 'top-p=' 'min-p=' 'repetition-penalty=' 'seed=' 'concept=' 'judge=' 'held-out=' 'held-out-field=' 'held-out-prompt-field=' 'held-out-filter=+' 'held-out-limit=' 'steer=+' 'condition-on=' 't/threads=' 'json' 'report=' 'version' 'h/help'
        case 'bench'
            __actrun_parse_subcommand 1 'p/prompt=' 'n/tokens=' 'sequences=' 'input=' 'r/repetitions=' 'until=' 'at-most=' 'steer=+' 'condition-on=' 't/threads=' 'json' 'version' 'h/help'
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
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'generate' -d 'Continues a text, or the prompts of a file.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'chat' -d 'Holds a conversation with a model.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'embed' -d 'Embeds texts: a line of JSON for each, with its vector.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'classify' -d 'Classifies texts: a line of JSON for each, with its labels.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'run' -d 'Runs a plan on tensors: its inputs in, its results out.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'image' -d 'Makes pictures of a text.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'score' -d 'Scores texts: the log-likelihood of each, the perplexity of all.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'eval' -d 'Measures what strengths do to generated text, and what they cost in fluency.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'bench' -d 'Measures how fast a plan runs, always beside the unsteered model.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun generate" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" p prompt' -l 'prompt' -s 'p' -d 'A text to continue; - reads standard input.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" n tokens' -s 'n' -l 'tokens' -d 'The most tokens to generate.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" prompts' -l 'prompts' -d 'A data file of prompts to continue, by default a line each.' -rF
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" field' -l 'field' -d 'The field that holds the text, as in text or prompt.text.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate"' -l 'filter' -d 'Take only the records that meet all of these, as in \'toxicity>=0.75\' \'label==toxic\'.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" limit' -l 'limit' -d 'Take the first N records.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" shuffle' -l 'shuffle' -d 'Shuffle the records first, with this seed.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" format' -l 'format' -d 'The format of the data; by default what the file\'s name tells, else txt.' -rfka 'txt jsonl json csv tsv'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" no-header' -l 'no-header' -d 'The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" samples seeds' -l 'samples' -l 'seeds' -d 'Samples of each prompt, each with its own seed. (default: 1)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" sequences' -l 'sequences' -d 'The most texts to generate together. (default: 64)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" o output' -l 'output' -s 'o' -d 'Add the texts to this file, as JSON lines; a run that was interrupted goes on where it stopped.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'jsonl\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" temp' -l 'temp' -d 'Divides the logits; 0 takes the likeliest token. (default: 0.8)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" top-k' -l 'top-k' -d 'Keep the K likeliest tokens; 0 keeps all. (default: 40)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" top-p' -l 'top-p' -d 'Keep the likeliest tokens that reach this probability together. (default: 0.95)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" min-p' -l 'min-p' -d 'Drop tokens less likely than this share of the likeliest. (default: 0.05)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" repetition-penalty' -l 'repetition-penalty' -d 'Penalty of tokens seen before; 1 is none. (default: 1)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" seed' -l 'seed' -d 'The same seed gives the same texts. (default: 0)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate"' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" condition-on' -l 'condition-on' -d 'Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is then read a second time.' -rfka 'generated prompt'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" json' -l 'json' -d 'Print a text given with -p as a JSON line too.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun generate" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun chat" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" system' -l 'system' -d 'What the model is told before the first message.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" n tokens' -s 'n' -l 'tokens' -d 'The most tokens of an answer.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" temp' -l 'temp' -d 'Divides the logits; 0 takes the likeliest token. (default: 0.8)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" top-k' -l 'top-k' -d 'Keep the K likeliest tokens; 0 keeps all. (default: 40)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" top-p' -l 'top-p' -d 'Keep the likeliest tokens that reach this probability together. (default: 0.95)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" min-p' -l 'min-p' -d 'Drop tokens less likely than this share of the likeliest. (default: 0.05)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" repetition-penalty' -l 'repetition-penalty' -d 'Penalty of tokens seen before; 1 is none. (default: 1)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" seed' -l 'seed' -d 'The same seed gives the same texts. (default: 0)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat"' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" condition-on' -l 'condition-on' -d 'Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is then read a second time.' -rfka 'generated prompt'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun chat" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun embed" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun embed" -eq 2' -F
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" p prompt' -l 'prompt' -s 'p' -d 'A single text to take.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" field' -l 'field' -d 'The field that holds the text, as in text or prompt.text.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed"' -l 'filter' -d 'Take only the records that meet all of these, as in \'toxicity>=0.75\' \'label==toxic\'.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" limit' -l 'limit' -d 'Take the first N records.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" shuffle' -l 'shuffle' -d 'Shuffle the records first, with this seed.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" format' -l 'format' -d 'The format of the data; by default what the file\'s name tells, else txt.' -rfka 'txt jsonl json csv tsv'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" no-header' -l 'no-header' -d 'The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" pooling' -l 'pooling' -d 'What stands for a text: the mean of its tokens, the first (cls) or the last.' -rfka 'mean cls last'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" no-normalize' -l 'no-normalize' -d 'Leave the vectors as long as they are.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed"' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" condition-on' -l 'condition-on' -d 'Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is then read a second time.' -rfka 'generated prompt'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun embed" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun classify" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun classify" -eq 2' -F
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" p prompt' -l 'prompt' -s 'p' -d 'A single text to take.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" field' -l 'field' -d 'The field that holds the text, as in text or prompt.text.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify"' -l 'filter' -d 'Take only the records that meet all of these, as in \'toxicity>=0.75\' \'label==toxic\'.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" limit' -l 'limit' -d 'Take the first N records.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" shuffle' -l 'shuffle' -d 'Shuffle the records first, with this seed.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" format' -l 'format' -d 'The format of the data; by default what the file\'s name tells, else txt.' -rfka 'txt jsonl json csv tsv'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" no-header' -l 'no-header' -d 'The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify"' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" condition-on' -l 'condition-on' -d 'Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is then read a second time.' -rfka 'generated prompt'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun classify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun run" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" input' -l 'input' -d 'A safetensors file with the inputs.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" o output' -l 'output' -s 'o' -d 'The safetensors file to write.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run"' -l 'dump' -d 'Sites whose values are results too: globs, or re: and a regular expression. What a module reads is NAME:in, what it adds to that NAME:delta.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" expected' -l 'expected' -d 'A safetensors file with the results to expect.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" nmse' -l 'nmse' -d 'The largest normalized mean squared error of each expected result.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" prompt-tokens' -l 'prompt-tokens' -d 'How many tokens of each sequence are its prompt, for scopes, changing strengths and tests of prompts; by default all.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run"' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" condition-on' -l 'condition-on' -d 'Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is then read a second time.' -rfka 'generated prompt'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" json' -l 'json' -d 'Print the comparison as JSON.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun run" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun image" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image"' -l 'prompt' -s 'p' -d 'A text, or of a model of classes the name or the number of one; - reads standard input. Several of these make pictures of each.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" prompts' -l 'prompts' -d 'A data file of texts, by default a line each.' -rF
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" field' -l 'field' -d 'The field that holds the text, as in text or prompt.text.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image"' -l 'filter' -d 'Take only the records that meet all of these, as in \'toxicity>=0.75\' \'label==toxic\'.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" limit' -l 'limit' -d 'Take the first N records.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" shuffle' -l 'shuffle' -d 'Shuffle the records first, with this seed.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" format' -l 'format' -d 'The format of the data; by default what the file\'s name tells, else txt.' -rfka 'txt jsonl json csv tsv'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" no-header' -l 'no-header' -d 'The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" negative-prompt' -l 'negative-prompt' -d 'What the picture is to be unlike.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" steps' -l 'steps' -d 'Denoising steps; by default as many as the pipeline\'s.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" guidance' -l 'guidance' -d 'How far predictions move from those of the negative prompt to those of the prompt and beyond; 1 and less read the prompt alone. By default as in the pipeline.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" seed' -l 'seed' -d 'Which noise the pictures begin with.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" samples' -l 'samples' -d 'How many pictures for each set of strengths.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" latents' -l 'latents' -d 'First latents in place of the seed\'s: a file with the tensor latents, [B,C,H,W], for all samples of the first text, then of the next.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" scheduler' -l 'scheduler' -d 'A scheduler in place of the pipeline\'s: DDIMScheduler, PNDMScheduler, EulerDiscreteScheduler, EulerAncestralDiscreteScheduler, DPMSolverMultistepScheduler, LCMScheduler, FlowMatchEulerDiscreteScheduler.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" eta' -l 'eta' -d 'How much of the noise that a step of DDIM removes is drawn anew, 0 to 1.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image"' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" condition-on' -l 'condition-on' -d 'Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is then read a second time.' -rfka 'generated prompt'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image"' -l 'steer-negative' -d 'Strengths by map for the negative prompt and its predictions; by default those of --steer. 0 steers the prompt alone.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" o output' -l 'output' -s 'o' -d 'The file to write: .png or .safetensors.' -rfa '(set -l exts \'png\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun image" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun score" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun score" -eq 2' -F
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" field' -l 'field' -d 'The field that holds the text, as in text or prompt.text.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score"' -l 'filter' -d 'Take only the records that meet all of these, as in \'toxicity>=0.75\' \'label==toxic\'.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" limit' -l 'limit' -d 'Take the first N records.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" shuffle' -l 'shuffle' -d 'Shuffle the records first, with this seed.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" format' -l 'format' -d 'The format of the data; by default what the file\'s name tells, else txt.' -rfka 'txt jsonl json csv tsv'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" no-header' -l 'no-header' -d 'The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" prompt-field' -l 'prompt-field' -d 'The field with a prompt before the text, read and not scored.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score"' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" condition-on' -l 'condition-on' -d 'Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is then read a second time.' -rfka 'generated prompt'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" json' -l 'json' -d 'As JSON, a line for each set of strengths, with the texts\' own scores.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun score" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun eval" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" generations' -l 'generations' -d 'Measure the texts of this file, which `actrun generate -o` wrote with the plan.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'jsonl\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" n tokens' -s 'n' -l 'tokens' -d 'The most tokens to generate. (default: 40)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" prompts' -l 'prompts' -d 'A data file of prompts to continue, by default a line each.' -rF
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" field' -l 'field' -d 'The field that holds the text, as in text or prompt.text.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval"' -l 'filter' -d 'Take only the records that meet all of these, as in \'toxicity>=0.75\' \'label==toxic\'.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" limit' -l 'limit' -d 'Take the first N records.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" shuffle' -l 'shuffle' -d 'Shuffle the records first, with this seed.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" format' -l 'format' -d 'The format of the data; by default what the file\'s name tells, else txt.' -rfka 'txt jsonl json csv tsv'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" no-header' -l 'no-header' -d 'The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" samples seeds' -l 'samples' -l 'seeds' -d 'Samples of each prompt, each with its own seed. (default: 1)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" sequences' -l 'sequences' -d 'The most texts to generate together. (default: 64)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" o output' -l 'output' -s 'o' -d 'Add the texts to this file, as JSON lines; a run that was interrupted goes on where it stopped.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'jsonl\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" temp' -l 'temp' -d 'Divides the logits; 0 takes the likeliest token. (default: 0.8)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" top-k' -l 'top-k' -d 'Keep the K likeliest tokens; 0 keeps all. (default: 40)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" top-p' -l 'top-p' -d 'Keep the likeliest tokens that reach this probability together. (default: 0.95)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" min-p' -l 'min-p' -d 'Drop tokens less likely than this share of the likeliest. (default: 0.05)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" repetition-penalty' -l 'repetition-penalty' -d 'Penalty of tokens seen before; 1 is none. (default: 1)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" seed' -l 'seed' -d 'The same seed gives the same texts. (default: 0)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" concept' -l 'concept' -d 'A file of words or phrases that show the concept, a line each.' -rF
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" judge' -l 'judge' -d 'The plan under which the texts\' perplexity is measured; by default this one, unsteered.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" held-out' -l 'held-out' -d 'A data file of ordinary texts for perplexity.' -rF
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" held-out-field' -l 'held-out-field' -d 'The field that holds the held-out text.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" held-out-prompt-field' -l 'held-out-prompt-field' -d 'The field with a prompt before the held-out text, read and not scored.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval"' -l 'held-out-filter' -d 'Take only the held-out records that meet all of these.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" held-out-limit' -l 'held-out-limit' -d 'Take the first N held-out records.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval"' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" condition-on' -l 'condition-on' -d 'Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is then read a second time.' -rfka 'generated prompt'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" json' -l 'json' -d 'As JSON, a line for each set of strengths.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" report' -l 'report' -d 'Write the JSON lines to this file too.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'jsonl\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun eval" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_positional "actrun bench" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" p prompt' -l 'prompt' -s 'p' -d 'Prompt tokens. (default: 512)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" n tokens' -s 'n' -l 'tokens' -d 'Generated tokens, of each sequence. (default: 128)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" sequences' -l 'sequences' -d 'Sequences that decode together. (default: 1)' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" input' -l 'input' -d 'A safetensors file with the inputs of a call.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" r repetitions' -l 'repetitions' -s 'r' -d 'Runs of each row; with --until the fewest.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" until' -l 'until' -d 'Go on until the interval of each cost is at most this wide, as in 1%.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" at-most' -l 'at-most' -d 'With --until: stop after so many seconds.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench"' -l 'steer' -d 'Strengths by map, as in football=0.5,formal=0.3. A strength may change over the generated tokens, as in football=0->1 over 32 or football=1 until 16, and hang on scores, as in football=1 when max(sport) > 0.2. Several of these options join. generate, score and eval also take ranges, as in football=0:1:0.25.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" condition-on' -l 'condition-on' -d 'Where maps act that hang on scores of the prompt: on what is generated after it, or on the prompt too, which is then read a second time.' -rfka 'generated prompt'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" t threads' -l 'threads' -s 't' -d 'Threads; by default one a processor.' -rfka ''
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" json' -l 'json' -d 'As JSON, with the seconds of every run.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" version' -l 'version' -d 'Show the version.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun bench" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actrun' -n '__actrun_should_offer_completions_for_flags_or_options "actrun help" version' -l 'version' -d 'Show the version.'
