function __actc_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __actc_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __actc_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __actc_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __actc_parse_tokens -S
    set -l unparsed_tokens (__actc_tokens -pc)
    switch $unparsed_tokens[1]
    case 'actc'
        __actc_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'import'
            __actc_parse_subcommand 1 'o/output=' 'dtype=' 'version' 'h/help'
        case 'fit'
            __actc_parse_subcommand 1 'module=' 'size=' 'component=+' 'lora=+' 'source=+' 'target=+' 'pairs=+' 'field=' 'source-field=' 'target-field=' 'prompt-field=' 'filter=+' 'source-filter=+' 'target-filter=+' 'format=' 'no-header' 'limit=' 'seed=' 'disjoint' 'no-disjoint' 'max-tokens=' 'sites=+' 'simultaneous' 'pooling=' 'scope=' 'skip-first=' 'weights=' 'append-source=' 'append-target=' 'append-fixed=' 'append-drawn=' 'steps=' 'of-steps=' 'apply-steps=' 'scheduler=' 'encoder-maps=+' 'method=' 'option=+' 'support=' 'plot=' 'json' 'memory=' 't/threads=' 'o/output=' 'version' 'h/help'
        case 'collect'
            __actc_parse_subcommand 1 'module=' 'size=' 'component=+' 'lora=+' 'source=+' 'target=+' 'pairs=+' 'field=' 'source-field=' 'target-field=' 'prompt-field=' 'filter=+' 'source-filter=+' 'target-filter=+' 'format=' 'no-header' 'limit=' 'seed=' 'disjoint' 'no-disjoint' 'max-tokens=' 'sites=+' 'simultaneous' 'pooling=' 'scope=' 'skip-first=' 'weights=' 'append-source=' 'append-target=' 'append-fixed=' 'append-drawn=' 'steps=' 'of-steps=' 'apply-steps=' 'scheduler=' 'encoder-maps=+' 'memory=' 't/threads=' 'rounds' 'shard=' 'after=' 'o/output=' 'version' 'h/help'
        case 'solve'
            __actc_parse_subcommand -r 1 'method=' 'option=+' 'support=' 'plot=' 'json' 'memory=' 't/threads=' 'after=' 'o/output=' 'version' 'h/help'
        case 'search'
            __actc_parse_subcommand 1 'source=+' 'target=+' 'pairs=+' 'field=' 'source-field=' 'target-field=' 'prompt-field=' 'filter=+' 'source-filter=+' 'target-filter=+' 'format=' 'no-header' 'limit=' 'seed=' 'disjoint' 'no-disjoint' 'max-tokens=' 'held-out=' 'sites=+' 'parts=' 'strength=' 'weights=' 'method=' 'option=+' 'support=' 'memory=' 't/threads=' 'json' 'version' 'h/help'
        case 'convert'
            __actc_parse_subcommand 1 'model=' 'to=' 'o/output=' 'strength=' 'layer-base=' 'force=+' 'version' 'h/help'
        case 'conceptor'
            __actc_parse_subcommand -r 2 'beta=' 'o/output=' 'version' 'h/help'
        case 'compile'
            __actc_parse_subcommand 1 'module=' 'size=' 'component=+' 'lora=+' 'maps=+' 'force=+' 'score=+' 'score-at=+' 'gate=+' 'weights=' 'kv=' 'freeze=+' 'o/output=' 'context=' 'rows=' 'entries=' 'image-rows=' 'decode-tile=' 'no-fuse' 'no-arena' 'reference' 'print-after=' 'verify-each' 'no-verify-each' 'timing' 'stop-after=' 'bisect=' 'version' 'h/help'
        case 'bake'
            __actc_parse_subcommand 1 'lora=+' 'maps=+' 'force=+' 'strength=+' 'for=' 'approximate' 'dtype=' 'replace' 'measure' 'no-measure' 'o/output=' 'version' 'h/help'
        case 'opt'
            __actc_parse_subcommand 1 'passes=' 'maps=+' 'force=+' 'print-after=' 'verify-each' 'no-verify-each' 'timing' 'stop-after=' 'bisect=' 'version' 'h/help'
        case 'show'
            __actc_parse_subcommand -r 1 'module=' 'size=' 'summary' 'json' 'version' 'h/help'
        case 'models'
            __actc_parse_subcommand 0 'json' 'version' 'h/help'
        case 'sites'
            __actc_parse_subcommand 1 'module=' 'size=' 'sites=+' 'json' 'version' 'h/help'
        case 'methods'
            __actc_parse_subcommand 1 'json' 'version' 'h/help'
        case 'new-method'
            __actc_parse_subcommand 1 'o/output=' 'package=' 'version' 'h/help'
        case 'passes'
            __actc_parse_subcommand 0 'json' 'version' 'h/help'
        case 'help'
            __actc_parse_subcommand -r 1 'version'
        end
    end
end

function __actc_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __actc_parse_subcommand -S -a positional_count
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

function __actc_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __actc_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__actc_tokens -p)
    if test -z "$(__actc_tokens -t)"
        set -l index (count (__actc_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'actc' -f
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'import' -d 'Turns a GGUF file into a Hugging Face directory.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'fit' -d 'Fits a map from source to target behaviour at the sites of a model.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'collect' -d 'Runs a shard of the data through a model, for a fit on several machines.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'solve' -d 'Fits a map to the samples that all shards of a round have collected.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'search' -d 'Measures which sites to fit: what maps there achieve and what they cost.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'convert' -d 'Converts map files to formats of others, and theirs to map files.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'conceptor' -d 'Combines conceptors: what passes both, either, or not.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'compile' -d 'Compiles a model, with maps or without, into a plan.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'bake' -d 'Folds maps into a checkpoint of Hugging Face that other programs run unchanged.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'opt' -d 'Runs passes over a graph and prints the graph that they leave.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'show' -d 'Prints a model\'s graph, a map file, a plan or a graph as text.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'models' -d 'Lists the architectures of models, by the names in config.json.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'sites' -d 'Lists the activation sites of a model, in order of execution.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'methods' -d 'Lists the steering methods, or describes one.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'new-method' -d 'Writes a Swift package with a steering method, and an actc that knows it.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'passes' -d 'Lists the passes over graphs.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc import" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'gguf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc import" o output' -l 'output' -s 'o' -d 'The directory to write.' -rfa '(__actc_complete_directories)'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc import" dtype' -l 'dtype' -d 'What the written tensors hold; with stored, what the file holds, quantised and computed tensors as f32.' -rfka 'stored f32 bf16 f16'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc import" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc import" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc fit" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'gguf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" module' -l 'module' -d 'Of a checkpoint that holds several networks, the one to take: decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" size' -l 'size' -d 'The size of the images that a network of convolutions takes: pixels for an encoder, latents for a decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'component' -d 'Of a pipeline, take a component from elsewhere: its folder, or a safetensors file of other weights; repeat the option for several.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'lora' -d 'Add a LoRA adapter to the weights, times a weight: of PEFT, a directory or its adapter_model.safetensors; for a pipeline one of diffusers or kohya, a file; repeat the option for several.' -rfa '(__actc_complete_directories)'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'source' -d 'Files with examples of the behaviour to leave.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'target' -d 'Files with examples of the behaviour to reach.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'pairs' -d 'Files whose records hold a source and a target (in .txt, with a tab between), in place of --source and --target.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" field' -l 'field' -d 'The field that holds the text, as in continuation.text.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" source-field' -l 'source-field' -d 'The field that holds the text of a source record, in place of --field.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" target-field' -l 'target-field' -d 'The field that holds the text of a target record, in place of --field.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" prompt-field' -l 'prompt-field' -d 'The field that holds the prompt of the text. The model runs over it, but it is no part of the sample.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'filter' -d 'Take only records that meet all of these conditions, as in \'toxicity>=0.75\' \'label==toxic\'.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'source-filter' -d 'Conditions that only the records of the source have to meet, besides --filter.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'target-filter' -d 'Conditions that only the records of the target have to meet, besides --filter.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" format' -l 'format' -d 'The format of the data files; by default what the ending of a file\'s name says, else txt.' -rfka 'txt jsonl json csv tsv'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" no-header' -l 'no-header' -d 'Read the first row of .csv and .tsv files as a record, and call the columns 1, 2, and so on.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" limit' -l 'limit' -d 'Take at most N samples a side.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" seed' -l 'seed' -d 'Shuffle the samples by this seed before --limit takes the first. The noise of a pipeline\'s prompts and what is appended to them have it too, or without it 0.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" disjoint' -l 'disjoint' -d 'Where both sides read the same records, give each a half of them: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" no-disjoint' -l 'no-disjoint' -d 'Where both sides read the same records, give each a half of them: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" max-tokens' -l 'max-tokens' -d 'Cut samples to N tokens; by default to the model\'s context.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'sites' -d 'Patterns of site names: globs, or re: and a regular expression, that match whole names. By default what the method asks for, which for most is \'*.self_attn.o_proj\'.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" simultaneous' -l 'simultaneous' -d 'Fit every site on the bare model; by default each site sees the earlier ones transported.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" pooling' -l 'pooling' -d 'How the tokens of a text become one sample; with all, every token is a sample. By default what the method asks for, which for most is the mean.' -rfka 'mean last min max all'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" scope' -l 'scope' -d 'The tokens that the map applies to: all, prompt, generated, last, first:N, after:N or positions as in 4-9.' -rfka 'all prompt generated last'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" skip-first' -l 'skip-first' -d 'Leave the first N positions of every sequence out of the fit, and alone when steering.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" weights' -l 'weights' -d 'What the model\'s matrices hold while it runs; by default what the checkpoint holds.' -rfka 'f32 bf16 q8 q4'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" append-source' -l 'append-source' -d 'A file of phrases, some of which are appended to every source prompt, after commas.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" append-target' -l 'append-target' -d 'A file of phrases, some of which are appended to every target prompt, after commas.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" append-fixed' -l 'append-fixed' -d 'Append the first N phrases to every prompt; by default none.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" append-drawn' -l 'append-drawn' -d 'Append N of the other phrases, drawn for each prompt by the seed; by default one.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" steps' -l 'steps' -d 'The steps of denoising at which the denoiser\'s activations become samples: all, or steps from 0 as in 0, 0-3, 2- and 0,4-6. By default 0, the noisiest.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" of-steps' -l 'of-steps' -d 'How many steps the run has of which --steps are some; by default as many as the pipeline\'s.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" apply-steps' -l 'apply-steps' -d 'The steps of denoising at which the map acts, as --steps says them; by default all.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" scheduler' -l 'scheduler' -d 'A scheduler in place of the pipeline\'s.' -rfka 'DDIMScheduler PNDMScheduler EulerDiscreteScheduler EulerAncestralDiscreteScheduler DPMSolverMultistepScheduler LCMScheduler FlowMatchEulerDiscreteScheduler'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'encoder-maps' -d 'Map files of the pipeline\'s text encoders, which act at strength 1 while prompts are read.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" method' -l 'method' -d 'The steering method; `actc methods` describes them.' -rfka 'linear-act gaussian-act mean-act pid-act sliced-act contrastive-act actadd caa repe cast east iti-m iti-c aura det0 damp austeer ablation leace gaussian-ot lowrank-ot conceptor angular spherical'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit"' -l 'option' -d 'Something to choose of the method; `actc methods METHOD` lists what there is. Repeat the option for several.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" support' -l 'support' -d 'Where the map applies: all, or between two percentiles of the source\'s samples, as in q0-100.' -rfka 'all q0-100'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" plot' -l 'plot' -d 'Write a plot of the distance from source to target by layer, as SVG.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'svg\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" json' -l 'json' -d 'Print the summary of the fit as JSON.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" memory' -l 'memory' -d 'The memory that may be used, as in 8GiB; by default half of the machine\'s.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" t threads' -l 'threads' -s 't' -d 'Run N threads; by default one a processor.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" o output' -s 'o' -l 'output' -d 'The map file to write.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc fit" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc collect" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'gguf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" module' -l 'module' -d 'Of a checkpoint that holds several networks, the one to take: decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" size' -l 'size' -d 'The size of the images that a network of convolutions takes: pixels for an encoder, latents for a decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'component' -d 'Of a pipeline, take a component from elsewhere: its folder, or a safetensors file of other weights; repeat the option for several.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'lora' -d 'Add a LoRA adapter to the weights, times a weight: of PEFT, a directory or its adapter_model.safetensors; for a pipeline one of diffusers or kohya, a file; repeat the option for several.' -rfa '(__actc_complete_directories)'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'source' -d 'Files with examples of the behaviour to leave.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'target' -d 'Files with examples of the behaviour to reach.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'pairs' -d 'Files whose records hold a source and a target (in .txt, with a tab between), in place of --source and --target.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" field' -l 'field' -d 'The field that holds the text, as in continuation.text.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" source-field' -l 'source-field' -d 'The field that holds the text of a source record, in place of --field.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" target-field' -l 'target-field' -d 'The field that holds the text of a target record, in place of --field.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" prompt-field' -l 'prompt-field' -d 'The field that holds the prompt of the text. The model runs over it, but it is no part of the sample.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'filter' -d 'Take only records that meet all of these conditions, as in \'toxicity>=0.75\' \'label==toxic\'.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'source-filter' -d 'Conditions that only the records of the source have to meet, besides --filter.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'target-filter' -d 'Conditions that only the records of the target have to meet, besides --filter.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" format' -l 'format' -d 'The format of the data files; by default what the ending of a file\'s name says, else txt.' -rfka 'txt jsonl json csv tsv'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" no-header' -l 'no-header' -d 'Read the first row of .csv and .tsv files as a record, and call the columns 1, 2, and so on.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" limit' -l 'limit' -d 'Take at most N samples a side.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" seed' -l 'seed' -d 'Shuffle the samples by this seed before --limit takes the first. The noise of a pipeline\'s prompts and what is appended to them have it too, or without it 0.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" disjoint' -l 'disjoint' -d 'Where both sides read the same records, give each a half of them: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" no-disjoint' -l 'no-disjoint' -d 'Where both sides read the same records, give each a half of them: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" max-tokens' -l 'max-tokens' -d 'Cut samples to N tokens; by default to the model\'s context.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'sites' -d 'Patterns of site names: globs, or re: and a regular expression, that match whole names. By default what the method asks for, which for most is \'*.self_attn.o_proj\'.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" simultaneous' -l 'simultaneous' -d 'Fit every site on the bare model; by default each site sees the earlier ones transported.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" pooling' -l 'pooling' -d 'How the tokens of a text become one sample; with all, every token is a sample. By default what the method asks for, which for most is the mean.' -rfka 'mean last min max all'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" scope' -l 'scope' -d 'The tokens that the map applies to: all, prompt, generated, last, first:N, after:N or positions as in 4-9.' -rfka 'all prompt generated last'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" skip-first' -l 'skip-first' -d 'Leave the first N positions of every sequence out of the fit, and alone when steering.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" weights' -l 'weights' -d 'What the model\'s matrices hold while it runs; by default what the checkpoint holds.' -rfka 'f32 bf16 q8 q4'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" append-source' -l 'append-source' -d 'A file of phrases, some of which are appended to every source prompt, after commas.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" append-target' -l 'append-target' -d 'A file of phrases, some of which are appended to every target prompt, after commas.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" append-fixed' -l 'append-fixed' -d 'Append the first N phrases to every prompt; by default none.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" append-drawn' -l 'append-drawn' -d 'Append N of the other phrases, drawn for each prompt by the seed; by default one.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" steps' -l 'steps' -d 'The steps of denoising at which the denoiser\'s activations become samples: all, or steps from 0 as in 0, 0-3, 2- and 0,4-6. By default 0, the noisiest.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" of-steps' -l 'of-steps' -d 'How many steps the run has of which --steps are some; by default as many as the pipeline\'s.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" apply-steps' -l 'apply-steps' -d 'The steps of denoising at which the map acts, as --steps says them; by default all.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" scheduler' -l 'scheduler' -d 'A scheduler in place of the pipeline\'s.' -rfka 'DDIMScheduler PNDMScheduler EulerDiscreteScheduler EulerAncestralDiscreteScheduler DPMSolverMultistepScheduler LCMScheduler FlowMatchEulerDiscreteScheduler'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect"' -l 'encoder-maps' -d 'Map files of the pipeline\'s text encoders, which act at strength 1 while prompts are read.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" memory' -l 'memory' -d 'The memory that may be used, as in 8GiB; by default half of the machine\'s.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" t threads' -l 'threads' -s 't' -d 'Run N threads; by default one a processor.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" rounds' -l 'rounds' -d 'Print how many rounds the fit takes, and do nothing else.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" shard' -l 'shard' -d 'The part of the data to take, i from 1 to N.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" after' -l 'after' -d 'The map file of the earlier rounds of a causal fit.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" o output' -l 'output' -s 'o' -d 'The sample file to write.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc collect" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc solve" -ge 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" method' -l 'method' -d 'The steering method; `actc methods` describes them.' -rfka 'linear-act gaussian-act mean-act pid-act sliced-act contrastive-act actadd caa repe cast east iti-m iti-c aura det0 damp austeer ablation leace gaussian-ot lowrank-ot conceptor angular spherical'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve"' -l 'option' -d 'Something to choose of the method; `actc methods METHOD` lists what there is. Repeat the option for several.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" support' -l 'support' -d 'Where the map applies: all, or between two percentiles of the source\'s samples, as in q0-100.' -rfka 'all q0-100'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" plot' -l 'plot' -d 'Write a plot of the distance from source to target by layer, as SVG.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'svg\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" json' -l 'json' -d 'Print the summary of the fit as JSON.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" memory' -l 'memory' -d 'The memory that may be used, as in 8GiB; by default half of the machine\'s.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" t threads' -l 'threads' -s 't' -d 'Run N threads; by default one a processor.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" after' -l 'after' -d 'The map file of the earlier rounds of a causal fit.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" o output' -s 'o' -l 'output' -d 'The map file to write.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc solve" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc search" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'gguf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search"' -l 'source' -d 'Files with examples of the behaviour to leave.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search"' -l 'target' -d 'Files with examples of the behaviour to reach.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search"' -l 'pairs' -d 'Files whose records hold a source and a target (in .txt, with a tab between), in place of --source and --target.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" field' -l 'field' -d 'The field that holds the text, as in continuation.text.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" source-field' -l 'source-field' -d 'The field that holds the text of a source record, in place of --field.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" target-field' -l 'target-field' -d 'The field that holds the text of a target record, in place of --field.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" prompt-field' -l 'prompt-field' -d 'The field that holds the prompt of the text. The model runs over it, but it is no part of the sample.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search"' -l 'filter' -d 'Take only records that meet all of these conditions, as in \'toxicity>=0.75\' \'label==toxic\'.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search"' -l 'source-filter' -d 'Conditions that only the records of the source have to meet, besides --filter.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search"' -l 'target-filter' -d 'Conditions that only the records of the target have to meet, besides --filter.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" format' -l 'format' -d 'The format of the data files; by default what the ending of a file\'s name says, else txt.' -rfka 'txt jsonl json csv tsv'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" no-header' -l 'no-header' -d 'Read the first row of .csv and .tsv files as a record, and call the columns 1, 2, and so on.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" limit' -l 'limit' -d 'Take at most N samples a side.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" seed' -l 'seed' -d 'Shuffle the samples by this seed before --limit takes the first. The noise of a pipeline\'s prompts and what is appended to them have it too, or without it 0.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" disjoint' -l 'disjoint' -d 'Where both sides read the same records, give each a half of them: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" no-disjoint' -l 'no-disjoint' -d 'Where both sides read the same records, give each a half of them: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" max-tokens' -l 'max-tokens' -d 'Cut samples to N tokens; by default to the model\'s context.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" held-out' -l 'held-out' -d 'A data file of ordinary texts, on which the damage is measured.' -rfa '(set -l exts \'txt\' \'jsonl\' \'json\' \'csv\' \'tsv\' \'safetensors\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search"' -l 'sites' -d 'Patterns of site names: globs, or re: and a regular expression, that match whole names.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" parts' -l 'parts' -d 'Divide each kind of site into N ranges of layers.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" strength' -l 'strength' -d 'The strength of the maps that are measured.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" weights' -l 'weights' -d 'What the model\'s matrices hold while it runs; by default what the checkpoint holds.' -rfka 'f32 bf16 q8 q4'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" method' -l 'method' -d 'The steering method; `actc methods` describes them.' -rfka 'linear-act gaussian-act mean-act pid-act sliced-act contrastive-act actadd caa repe cast east iti-m iti-c aura det0 damp austeer ablation leace gaussian-ot lowrank-ot conceptor angular spherical'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search"' -l 'option' -d 'Something to choose of the method; `actc methods METHOD` lists what there is. Repeat the option for several.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" support' -l 'support' -d 'Where the map applies: all, or between two percentiles of the source\'s samples, as in q0-100.' -rfka 'all q0-100'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" memory' -l 'memory' -d 'The memory that may be used, as in 8GiB; by default half of the machine\'s.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" t threads' -l 'threads' -s 't' -d 'Run N threads; by default one a processor.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" json' -l 'json' -d 'Print the choices as JSON.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc search" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc convert" -eq 1' -fa '(set -l exts \'safetensors\' \'gguf\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc convert" model' -l 'model' -d 'The model that it belongs to: a directory, or a GGUF file.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'gguf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc convert" to' -l 'to' -d 'What to write.' -rfka 'map control-vector lora'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc convert" o output' -l 'output' -s 'o' -d 'The file to write, or the directory of an adapter.' -rfa '(set -l exts \'safetensors\' \'gguf\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc convert" strength' -l 'strength' -d 'The strength of a map in another format, which has no dial. (default: 1)' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc convert" layer-base' -l 'layer-base' -d 'The number that a control vector gives to block 0: 0 as llama.cpp reads it, 1 as its cvector-generator writes it. (default: 0)' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc convert"' -l 'force' -d 'Skip a check of the map file against the model.' -rfka 'fingerprint'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc convert" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc convert" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc conceptor" -eq 1' -fka 'and or not'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc conceptor" -ge 2' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc conceptor" beta' -l 'beta' -d 'What the result is multiplied by, beta of the method. (default: that of the maps)' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc conceptor" o output' -s 'o' -l 'output' -d 'The map file to write.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc conceptor" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc conceptor" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc compile" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'gguf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" module' -l 'module' -d 'Of a checkpoint that holds several networks, the one to take: decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" size' -l 'size' -d 'The size of the images that a network of convolutions takes: pixels for an encoder, latents for a decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile"' -l 'component' -d 'Of a pipeline, take a component from elsewhere: its folder, or a safetensors file of other weights; repeat the option for several.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile"' -l 'lora' -d 'Add a LoRA adapter to the weights, times a weight: of PEFT, a directory or its adapter_model.safetensors; for a pipeline one of diffusers or kohya, a file; repeat the option for several.' -rfa '(__actc_complete_directories)'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile"' -l 'maps' -d 'The name of a dial and the map file that it turns; repeat the option for several maps.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile"' -l 'force' -d 'Skip a check of the map files against the model.' -rfka 'fingerprint'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile"' -l 'score' -d 'Return the score of each token by a map of --maps, or by a map file that is not inserted; conditions on a prompt need it. Repeat the option for several.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile"' -l 'score-at' -d 'Score tokens at those of the map file\'s sites that match a pattern; by default at all, whose mean it is.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile"' -l 'gate' -d 'Let conditions on each token gate a map by a score, as in `when cos(SCORE) > 0.3`.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" weights' -l 'weights' -d 'What the plan\'s matrices hold.' -rfka 'f32 bf16 q8 q4'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" kv' -l 'kv' -d 'What cached keys and values hold.' -rfka 'bf16 f32'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile"' -l 'freeze' -d 'Fold a map into the weights at one strength; repeat the option for several maps.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" o output' -l 'output' -s 'o' -d 'The plan to write.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'plan\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" context' -l 'context' -d 'The longest sequence, in tokens; by default the model\'s context, at most 2048.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" rows' -l 'rows' -d 'The most tokens of one step, over all sequences; by default 512, of a pipeline those of as many texts as entries.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" entries' -l 'entries' -d 'The most whole texts or pictures of one step, for which memory is planned; by default 64 texts or 4 pictures.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" image-rows' -l 'image-rows' -d 'The most rows of images of one step, of models that take pictures as packed rows; by default 4096, of a pipeline those of as many pictures as entries.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" decode-tile' -l 'decode-tile' -d 'Of a pipeline, decode larger pictures in tiles of so many pixels, which overlap by a quarter and fade into each other.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" no-fuse' -l 'no-fuse' -d 'Run the graph as it is written: fold, merge and fuse nothing.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" no-arena' -l 'no-arena' -d 'Give every buffer its own bytes instead of sharing them.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" reference' -l 'reference' -d 'Make the plan to compare others with: --no-fuse and --no-arena, and a step computes all that depends on a call.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" print-after' -l 'print-after' -d 'Print the graph after each of these passes, or after all.' -rfka 'all insert-transports freeze-dials expand-pixel-means fold-constants recognize-affine fold-affine-into-norm fold-affine-into-linear fold-affine-into-readers fold-shift-into-readers fold-map-into-linear fold-map-into-readers fold-affine-into-moments common-subexpressions fuse-elementwise split-linears fuse-epilogues merge-linears pair-convolutions pack-weights dead-code move-affine-to-weights fold-affine-into-stored-norm fold-affine-into-table'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" verify-each' -l 'verify-each' -d 'Verify the graph after each pass.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" no-verify-each' -l 'no-verify-each' -d 'Verify the graph after each pass.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" timing' -l 'timing' -d 'Print how long each pass took and what it left.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" stop-after' -l 'stop-after' -d 'Run no pass after this one.' -rfka 'insert-transports freeze-dials expand-pixel-means fold-constants recognize-affine fold-affine-into-norm fold-affine-into-linear fold-affine-into-readers fold-shift-into-readers fold-map-into-linear fold-map-into-readers fold-affine-into-moments common-subexpressions fuse-elementwise split-linears fuse-epilogues merge-linears pair-convolutions pack-weights dead-code move-affine-to-weights fold-affine-into-stored-norm fold-affine-into-table'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" bisect' -l 'bisect' -d 'Run only the first N passes, to find the one that goes wrong.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc compile" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc bake" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'gguf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake"' -l 'lora' -d 'Add a LoRA adapter to the weights, times a weight: of PEFT, a directory or its adapter_model.safetensors; for a pipeline one of diffusers or kohya, a file; repeat the option for several.' -rfa '(__actc_complete_directories)'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake"' -l 'maps' -d 'The name of a dial and the map file that it turns; repeat the option for several maps.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake"' -l 'force' -d 'Skip a check of the map files against the model.' -rfka 'fingerprint'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake"' -l 'strength' -d 'The strength at which a map is baked; repeat the option for several maps.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake" for' -l 'for' -d 'The program that is to read the checkpoint.' -rfka 'transformers vllm llama.cpp'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake" approximate' -l 'approximate' -d 'Leave out what has no home in the checkpoint, and say how much that matters.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake" dtype' -l 'dtype' -d 'What the written tensors hold; with stored, what the model\'s own hold.' -rfka 'stored f32 bf16 f16'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake" replace' -l 'replace' -d 'Replace the directory where there is one.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake" measure' -l 'measure' -d 'Compare the logits with the steered model\'s, on random tokens.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake" no-measure' -l 'no-measure' -d 'Compare the logits with the steered model\'s, on random tokens.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake" o output' -l 'output' -s 'o' -d 'The directory to write.' -rfa '(__actc_complete_directories)'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc bake" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc opt" -eq 1' -fa '(set -l exts \'gguf\' \'graph\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt" passes' -l 'passes' -d 'The passes to run, in order; by default the whole pipeline.' -rfka 'insert-transports freeze-dials expand-pixel-means fold-constants recognize-affine fold-affine-into-norm fold-affine-into-linear fold-affine-into-readers fold-shift-into-readers fold-map-into-linear fold-map-into-readers fold-affine-into-moments common-subexpressions fuse-elementwise split-linears fuse-epilogues merge-linears pair-convolutions pack-weights dead-code move-affine-to-weights fold-affine-into-stored-norm fold-affine-into-table'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt"' -l 'maps' -d 'The name of a dial and the map file that it turns; repeat the option for several maps.' -rfa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'safetensors\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt"' -l 'force' -d 'Skip a check of the map files against the model.' -rfka 'fingerprint'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt" print-after' -l 'print-after' -d 'Print the graph after each of these passes, or after all.' -rfka 'all insert-transports freeze-dials expand-pixel-means fold-constants recognize-affine fold-affine-into-norm fold-affine-into-linear fold-affine-into-readers fold-shift-into-readers fold-map-into-linear fold-map-into-readers fold-affine-into-moments common-subexpressions fuse-elementwise split-linears fuse-epilogues merge-linears pair-convolutions pack-weights dead-code move-affine-to-weights fold-affine-into-stored-norm fold-affine-into-table'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt" verify-each' -l 'verify-each' -d 'Verify the graph after each pass.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt" no-verify-each' -l 'no-verify-each' -d 'Verify the graph after each pass.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt" timing' -l 'timing' -d 'Print how long each pass took and what it left.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt" stop-after' -l 'stop-after' -d 'Run no pass after this one.' -rfka 'insert-transports freeze-dials expand-pixel-means fold-constants recognize-affine fold-affine-into-norm fold-affine-into-linear fold-affine-into-readers fold-shift-into-readers fold-map-into-linear fold-map-into-readers fold-affine-into-moments common-subexpressions fuse-elementwise split-linears fuse-epilogues merge-linears pair-convolutions pack-weights dead-code move-affine-to-weights fold-affine-into-stored-norm fold-affine-into-table'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt" bisect' -l 'bisect' -d 'Run only the first N passes, to find the one that goes wrong.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc opt" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc show" -ge 1' -fa '(set -l exts \'gguf\' \'plan\' \'safetensors\' \'graph\';for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.{$exts};printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc show" module' -l 'module' -d 'Of a checkpoint that holds several networks, the one to take: decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc show" size' -l 'size' -d 'The size of the images that a network of convolutions takes: pixels for an encoder, latents for a decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc show" summary' -l 'summary' -d 'Print only a plan\'s sizes, not its programs.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc show" json' -l 'json' -d 'Print as JSON.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc show" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc show" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc models" json' -l 'json' -d 'Print the architectures as JSON.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc models" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc models" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc sites" -eq 1' -fa '(for p in (string match -e -- \'*/\' (commandline -t);or printf \n)*.\'gguf\';printf %s\n $p;end;__fish_complete_directories (commandline -t) \'\')'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc sites" module' -l 'module' -d 'Of a checkpoint that holds several networks, the one to take: decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc sites" size' -l 'size' -d 'The size of the images that a network of convolutions takes: pixels for an encoder, latents for a decoder.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc sites"' -l 'sites' -d 'List only sites whose whole name matches a pattern: a glob, or re: and a regular expression.' -rfka ''
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc sites" json' -l 'json' -d 'Print the sites as JSON.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc sites" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc sites" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_positional "actc methods" -eq 1' -fka 'linear-act gaussian-act mean-act pid-act sliced-act contrastive-act actadd caa repe cast east iti-m iti-c aura det0 damp austeer ablation leace gaussian-ot lowrank-ot conceptor angular spherical'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc methods" json' -l 'json' -d 'Print the methods as JSON.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc methods" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc methods" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc new-method" o output' -l 'output' -s 'o' -d 'The directory to write, where nothing may be yet; by default one of the method\'s name.' -rfa '(__actc_complete_directories)'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc new-method" package' -l 'package' -d 'The package of actc to depend on: its directory or its URL; by default the one that this actc was built in.' -rfa '(__actc_complete_directories)'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc new-method" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc new-method" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc passes" json' -l 'json' -d 'Print the passes as JSON.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc passes" version' -l 'version' -d 'Show the version.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc passes" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'actc' -n '__actc_should_offer_completions_for_flags_or_options "actc help" version' -l 'version' -d 'Show the version.'
