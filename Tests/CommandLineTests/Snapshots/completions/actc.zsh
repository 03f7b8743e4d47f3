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
            'search:Measures which sites to fit: what maps there achieve and what they cost.'
            'convert:Converts map files to formats of others, and theirs to map files.'
            'conceptor:Combines conceptors: what passes both, either, or not.'
            'compile:Compiles a model, with maps or without, into a plan.'
            'bake:Folds maps into a checkpoint of Hugging Face that other programs run unchanged.'
            'opt:Runs passes over a graph and prints the graph that they leave.'
            'show:Prints a model'\''s graph, a map file, a plan or a graph as text.'
            'models:Lists the architectures of models, by the names in config.json.'
            'sites:Lists the activation sites of a model, in order of execution.'
            'methods:Lists the steering methods, or describes one.'
            'new-method:Writes a Swift package with a steering method, and an actc that knows it.'
            'passes:Lists the passes over graphs.'
            'help:Show subcommand help information.'
        )
        _describe -V subcommand subcommands && ret=0
        ;;
    arg)
        case "${words[1]}" in
        import|fit|collect|solve|search|convert|conceptor|compile|bake|opt|show|models|sites|methods|new-method|passes|help)
            "_actc_${words[1]}" && ret=0
            ;;
        esac
        ;;
    esac

    return "${ret}"
}

_actc_import() {
    local -i ret=1
    local -ar ___dtype=('stored' 'f32' 'bf16' 'f16')
    local -ar arg_specs=(
        ':file:_files -g '\''*.gguf'\'''
        '(--output -o)'{--output,-o}'[The directory to write.]:directory:_files -/'
        '--dtype[What the written tensors hold; with stored, what the file holds, quantised and computed tensors as f32.]:dtype:{__actc_complete "${___dtype[@]}"}'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_fit() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'json' 'csv' 'tsv')
    local -ar ___pooling=('mean' 'last' 'min' 'max' 'all')
    local -ar ___scope=('all' 'prompt' 'generated' 'last')
    local -ar ___weights=('f32' 'bf16' 'q8' 'q4')
    local -ar ___scheduler=('DDIMScheduler' 'PNDMScheduler' 'EulerDiscreteScheduler' 'EulerAncestralDiscreteScheduler' 'DPMSolverMultistepScheduler' 'LCMScheduler' 'FlowMatchEulerDiscreteScheduler')
    local -ar ___method=('linear-act' 'gaussian-act' 'mean-act' 'pid-act' 'sliced-act' 'contrastive-act' 'actadd' 'caa' 'repe' 'cast' 'east' 'iti-m' 'iti-c' 'aura' 'det0' 'damp' 'austeer' 'ablation' 'leace' 'gaussian-ot' 'lowrank-ot' 'conceptor' 'angular' 'spherical')
    local -ar ___support=('all' 'q0-100')
    local -ar arg_specs=(
        ':model:_files -g '\''*.gguf'\'''
        '--module[Of a checkpoint that holds several networks, the one to take\: decoder.]:name:'
        '--size[The size of the images that a network of convolutions takes\: pixels for an encoder, latents for a decoder.]:widthxheight:'
        '*--component[Of a pipeline, take a component from elsewhere\: its folder, or a safetensors file of other weights; repeat the option for several.]:name=path:'
        '*--lora[Add a LoRA adapter to the weights, times a weight\: of PEFT, a directory or its adapter_model.safetensors; for a pipeline one of diffusers or kohya, a file; repeat the option for several.]:adapter\[=weight\]:_files -/'
        '--source[Files with examples of the behaviour to leave.]:file ...:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--target[Files with examples of the behaviour to reach.]:file ...:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--pairs[Files whose records hold a source and a target (in .txt, with a tab between), in place of --source and --target.]:file ...:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--field[The field that holds the text, as in continuation.text.]:name:'
        '--source-field[The field that holds the text of a source record, in place of --field.]:name:'
        '--target-field[The field that holds the text of a target record, in place of --field.]:name:'
        '--prompt-field[The field that holds the prompt of the text. The model runs over it, but it is no part of the sample.]:name:'
        '--filter[Take only records that meet all of these conditions, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:condition ...:'
        '--source-filter[Conditions that only the records of the source have to meet, besides --filter.]:condition:'
        '--target-filter[Conditions that only the records of the target have to meet, besides --filter.]:condition:'
        '--format[The format of the data files; by default what the ending of a file'\''s name says, else txt.]:format:{__actc_complete "${___format[@]}"}'
        '--no-header[Read the first row of .csv and .tsv files as a record, and call the columns 1, 2, and so on.]'
        '--limit[Take at most N samples a side.]:n:'
        '--seed[Shuffle the samples by this seed before --limit takes the first. The noise of a pipeline'\''s prompts and what is appended to them have it too, or without it 0.]:seed:'
        '--disjoint[Where both sides read the same records, give each a half of them\: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.]'
        '--no-disjoint[Where both sides read the same records, give each a half of them\: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.]'
        '--max-tokens[Cut samples to N tokens; by default to the model'\''s context.]:n:'
        '--sites[Patterns of site names\: globs, or re\: and a regular expression, that match whole names. By default what the method asks for, which for most is '\''*.self_attn.o_proj'\''.]:pattern ...:'
        '--simultaneous[Fit every site on the bare model; by default each site sees the earlier ones transported.]'
        '--pooling[How the tokens of a text become one sample; with all, every token is a sample. By default what the method asks for, which for most is the mean.]:pooling:{__actc_complete "${___pooling[@]}"}'
        '--scope[The tokens that the map applies to\: all, prompt, generated, last, first\:N, after\:N or positions as in 4-9.]:scope:{__actc_complete "${___scope[@]}"}'
        '--skip-first[Leave the first N positions of every sequence out of the fit, and alone when steering.]:n:'
        '--weights[What the model'\''s matrices hold while it runs; by default what the checkpoint holds.]:weights:{__actc_complete "${___weights[@]}"}'
        '--append-source[A file of phrases, some of which are appended to every source prompt, after commas.]:file:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--append-target[A file of phrases, some of which are appended to every target prompt, after commas.]:file:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--append-fixed[Append the first N phrases to every prompt; by default none.]:n:'
        '--append-drawn[Append N of the other phrases, drawn for each prompt by the seed; by default one.]:n:'
        '--steps[The steps of denoising at which the denoiser'\''s activations become samples\: all, or steps from 0 as in 0, 0-3, 2- and 0,4-6. By default 0, the noisiest.]:steps:'
        '--of-steps[How many steps the run has of which --steps are some; by default as many as the pipeline'\''s.]:n:'
        '--apply-steps[The steps of denoising at which the map acts, as --steps says them; by default all.]:apply-steps:'
        '--scheduler[A scheduler in place of the pipeline'\''s.]:class:{__actc_complete "${___scheduler[@]}"}'
        '--encoder-maps[Map files of the pipeline'\''s text encoders, which act at strength 1 while prompts are read.]:file ...:_files -g '\''*.safetensors'\'''
        '--method[The steering method; `actc methods` describes them.]:method:{__actc_complete "${___method[@]}"}'
        '*--option[Something to choose of the method; `actc methods METHOD` lists what there is. Repeat the option for several.]:name=value:'
        '--support[Where the map applies\: all, or between two percentiles of the source'\''s samples, as in q0-100.]:support:{__actc_complete "${___support[@]}"}'
        '--plot[Write a plot of the distance from source to target by layer, as SVG.]:file:_files -g '\''*.svg'\'''
        '--json[Print the summary of the fit as JSON.]'
        '--memory[The memory that may be used, as in 8GiB; by default half of the machine'\''s.]:size:'
        '(--threads -t)'{--threads,-t}'[Run N threads; by default one a processor.]:n:'
        '(-o --output)'{-o,--output}'[The map file to write.]:file:_files -g '\''*.safetensors'\'''
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_collect() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'json' 'csv' 'tsv')
    local -ar ___pooling=('mean' 'last' 'min' 'max' 'all')
    local -ar ___scope=('all' 'prompt' 'generated' 'last')
    local -ar ___weights=('f32' 'bf16' 'q8' 'q4')
    local -ar ___scheduler=('DDIMScheduler' 'PNDMScheduler' 'EulerDiscreteScheduler' 'EulerAncestralDiscreteScheduler' 'DPMSolverMultistepScheduler' 'LCMScheduler' 'FlowMatchEulerDiscreteScheduler')
    local -ar arg_specs=(
        ':model:_files -g '\''*.gguf'\'''
        '--module[Of a checkpoint that holds several networks, the one to take\: decoder.]:name:'
        '--size[The size of the images that a network of convolutions takes\: pixels for an encoder, latents for a decoder.]:widthxheight:'
        '*--component[Of a pipeline, take a component from elsewhere\: its folder, or a safetensors file of other weights; repeat the option for several.]:name=path:'
        '*--lora[Add a LoRA adapter to the weights, times a weight\: of PEFT, a directory or its adapter_model.safetensors; for a pipeline one of diffusers or kohya, a file; repeat the option for several.]:adapter\[=weight\]:_files -/'
        '--source[Files with examples of the behaviour to leave.]:file ...:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--target[Files with examples of the behaviour to reach.]:file ...:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--pairs[Files whose records hold a source and a target (in .txt, with a tab between), in place of --source and --target.]:file ...:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--field[The field that holds the text, as in continuation.text.]:name:'
        '--source-field[The field that holds the text of a source record, in place of --field.]:name:'
        '--target-field[The field that holds the text of a target record, in place of --field.]:name:'
        '--prompt-field[The field that holds the prompt of the text. The model runs over it, but it is no part of the sample.]:name:'
        '--filter[Take only records that meet all of these conditions, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:condition ...:'
        '--source-filter[Conditions that only the records of the source have to meet, besides --filter.]:condition:'
        '--target-filter[Conditions that only the records of the target have to meet, besides --filter.]:condition:'
        '--format[The format of the data files; by default what the ending of a file'\''s name says, else txt.]:format:{__actc_complete "${___format[@]}"}'
        '--no-header[Read the first row of .csv and .tsv files as a record, and call the columns 1, 2, and so on.]'
        '--limit[Take at most N samples a side.]:n:'
        '--seed[Shuffle the samples by this seed before --limit takes the first. The noise of a pipeline'\''s prompts and what is appended to them have it too, or without it 0.]:seed:'
        '--disjoint[Where both sides read the same records, give each a half of them\: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.]'
        '--no-disjoint[Where both sides read the same records, give each a half of them\: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.]'
        '--max-tokens[Cut samples to N tokens; by default to the model'\''s context.]:n:'
        '--sites[Patterns of site names\: globs, or re\: and a regular expression, that match whole names. By default what the method asks for, which for most is '\''*.self_attn.o_proj'\''.]:pattern ...:'
        '--simultaneous[Fit every site on the bare model; by default each site sees the earlier ones transported.]'
        '--pooling[How the tokens of a text become one sample; with all, every token is a sample. By default what the method asks for, which for most is the mean.]:pooling:{__actc_complete "${___pooling[@]}"}'
        '--scope[The tokens that the map applies to\: all, prompt, generated, last, first\:N, after\:N or positions as in 4-9.]:scope:{__actc_complete "${___scope[@]}"}'
        '--skip-first[Leave the first N positions of every sequence out of the fit, and alone when steering.]:n:'
        '--weights[What the model'\''s matrices hold while it runs; by default what the checkpoint holds.]:weights:{__actc_complete "${___weights[@]}"}'
        '--append-source[A file of phrases, some of which are appended to every source prompt, after commas.]:file:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--append-target[A file of phrases, some of which are appended to every target prompt, after commas.]:file:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--append-fixed[Append the first N phrases to every prompt; by default none.]:n:'
        '--append-drawn[Append N of the other phrases, drawn for each prompt by the seed; by default one.]:n:'
        '--steps[The steps of denoising at which the denoiser'\''s activations become samples\: all, or steps from 0 as in 0, 0-3, 2- and 0,4-6. By default 0, the noisiest.]:steps:'
        '--of-steps[How many steps the run has of which --steps are some; by default as many as the pipeline'\''s.]:n:'
        '--apply-steps[The steps of denoising at which the map acts, as --steps says them; by default all.]:apply-steps:'
        '--scheduler[A scheduler in place of the pipeline'\''s.]:class:{__actc_complete "${___scheduler[@]}"}'
        '--encoder-maps[Map files of the pipeline'\''s text encoders, which act at strength 1 while prompts are read.]:file ...:_files -g '\''*.safetensors'\'''
        '--memory[The memory that may be used, as in 8GiB; by default half of the machine'\''s.]:size:'
        '(--threads -t)'{--threads,-t}'[Run N threads; by default one a processor.]:n:'
        '--rounds[Print how many rounds the fit takes, and do nothing else.]'
        '--shard[The part of the data to take, i from 1 to N.]:i/N:'
        '--after[The map file of the earlier rounds of a causal fit.]:file:_files -g '\''*.safetensors'\'''
        '(--output -o)'{--output,-o}'[The sample file to write.]:file:_files -g '\''*.safetensors'\'''
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_solve() {
    local -i ret=1
    local -ar ___method=('linear-act' 'gaussian-act' 'mean-act' 'pid-act' 'sliced-act' 'contrastive-act' 'actadd' 'caa' 'repe' 'cast' 'east' 'iti-m' 'iti-c' 'aura' 'det0' 'damp' 'austeer' 'ablation' 'leace' 'gaussian-ot' 'lowrank-ot' 'conceptor' 'angular' 'spherical')
    local -ar ___support=('all' 'q0-100')
    local -ar arg_specs=(
        '*:shards:_files -g '\''*.safetensors'\'''
        '--method[The steering method; `actc methods` describes them.]:method:{__actc_complete "${___method[@]}"}'
        '*--option[Something to choose of the method; `actc methods METHOD` lists what there is. Repeat the option for several.]:name=value:'
        '--support[Where the map applies\: all, or between two percentiles of the source'\''s samples, as in q0-100.]:support:{__actc_complete "${___support[@]}"}'
        '--plot[Write a plot of the distance from source to target by layer, as SVG.]:file:_files -g '\''*.svg'\'''
        '--json[Print the summary of the fit as JSON.]'
        '--memory[The memory that may be used, as in 8GiB; by default half of the machine'\''s.]:size:'
        '(--threads -t)'{--threads,-t}'[Run N threads; by default one a processor.]:n:'
        '--after[The map file of the earlier rounds of a causal fit.]:file:_files -g '\''*.safetensors'\'''
        '(-o --output)'{-o,--output}'[The map file to write.]:file:_files -g '\''*.safetensors'\'''
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_search() {
    local -i ret=1
    local -ar ___format=('txt' 'jsonl' 'json' 'csv' 'tsv')
    local -ar ___weights=('f32' 'bf16' 'q8' 'q4')
    local -ar ___method=('linear-act' 'gaussian-act' 'mean-act' 'pid-act' 'sliced-act' 'contrastive-act' 'actadd' 'caa' 'repe' 'cast' 'east' 'iti-m' 'iti-c' 'aura' 'det0' 'damp' 'austeer' 'ablation' 'leace' 'gaussian-ot' 'lowrank-ot' 'conceptor' 'angular' 'spherical')
    local -ar ___support=('all' 'q0-100')
    local -ar arg_specs=(
        ':model:_files -g '\''*.gguf'\'''
        '--source[Files with examples of the behaviour to leave.]:file ...:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--target[Files with examples of the behaviour to reach.]:file ...:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--pairs[Files whose records hold a source and a target (in .txt, with a tab between), in place of --source and --target.]:file ...:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--field[The field that holds the text, as in continuation.text.]:name:'
        '--source-field[The field that holds the text of a source record, in place of --field.]:name:'
        '--target-field[The field that holds the text of a target record, in place of --field.]:name:'
        '--prompt-field[The field that holds the prompt of the text. The model runs over it, but it is no part of the sample.]:name:'
        '--filter[Take only records that meet all of these conditions, as in '\''toxicity>=0.75'\'' '\''label==toxic'\''.]:condition ...:'
        '--source-filter[Conditions that only the records of the source have to meet, besides --filter.]:condition:'
        '--target-filter[Conditions that only the records of the target have to meet, besides --filter.]:condition:'
        '--format[The format of the data files; by default what the ending of a file'\''s name says, else txt.]:format:{__actc_complete "${___format[@]}"}'
        '--no-header[Read the first row of .csv and .tsv files as a record, and call the columns 1, 2, and so on.]'
        '--limit[Take at most N samples a side.]:n:'
        '--seed[Shuffle the samples by this seed before --limit takes the first. The noise of a pipeline'\''s prompts and what is appended to them have it too, or without it 0.]:seed:'
        '--disjoint[Where both sides read the same records, give each a half of them\: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.]'
        '--no-disjoint[Where both sides read the same records, give each a half of them\: every second one, after shuffling. By default so for prompts of a pipeline, and not for other samples.]'
        '--max-tokens[Cut samples to N tokens; by default to the model'\''s context.]:n:'
        '--held-out[A data file of ordinary texts, on which the damage is measured.]:file:_files -g '\''*.txt *.jsonl *.json *.csv *.tsv *.safetensors'\'''
        '--sites[Patterns of site names\: globs, or re\: and a regular expression, that match whole names.]:pattern ...:'
        '--parts[Divide each kind of site into N ranges of layers.]:n:'
        '--strength[The strength of the maps that are measured.]:strength:'
        '--weights[What the model'\''s matrices hold while it runs; by default what the checkpoint holds.]:weights:{__actc_complete "${___weights[@]}"}'
        '--method[The steering method; `actc methods` describes them.]:method:{__actc_complete "${___method[@]}"}'
        '*--option[Something to choose of the method; `actc methods METHOD` lists what there is. Repeat the option for several.]:name=value:'
        '--support[Where the map applies\: all, or between two percentiles of the source'\''s samples, as in q0-100.]:support:{__actc_complete "${___support[@]}"}'
        '--memory[The memory that may be used, as in 8GiB; by default half of the machine'\''s.]:size:'
        '(--threads -t)'{--threads,-t}'[Run N threads; by default one a processor.]:n:'
        '--json[Print the choices as JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_convert() {
    local -i ret=1
    local -ar ___to=('map' 'control-vector' 'lora')
    local -ar ___force=('fingerprint')
    local -ar arg_specs=(
        ':file:_files -g '\''*.safetensors *.gguf'\'''
        '--model[The model that it belongs to\: a directory, or a GGUF file.]:model:_files -g '\''*.gguf'\'''
        '--to[What to write.]:to:{__actc_complete "${___to[@]}"}'
        '(--output -o)'{--output,-o}'[The file to write, or the directory of an adapter.]:file:_files -g '\''*.safetensors *.gguf'\'''
        '--strength[The strength of a map in another format, which has no dial. (default\: 1)]:strength:'
        '--layer-base[The number that a control vector gives to block 0\: 0 as llama.cpp reads it, 1 as its cvector-generator writes it. (default\: 0)]:n:'
        '*--force[Skip a check of the map file against the model.]:check:{__actc_complete "${___force[@]}"}'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_conceptor() {
    local -i ret=1
    local -ar _operation=('and' 'or' 'not')
    local -ar arg_specs=(
        ':operation:{__actc_complete "${_operation[@]}"}'
        '*:maps:_files -g '\''*.safetensors'\'''
        '--beta[What the result is multiplied by, beta of the method. (default\: that of the maps)]:factor:'
        '(-o --output)'{-o,--output}'[The map file to write.]:file:_files -g '\''*.safetensors'\'''
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_compile() {
    local -i ret=1
    local -ar ___force=('fingerprint')
    local -ar ___weights=('f32' 'bf16' 'q8' 'q4')
    local -ar ___kv=('bf16' 'f32')
    local -ar ___print_after=('all' 'insert-transports' 'freeze-dials' 'expand-pixel-means' 'fold-constants' 'recognize-affine' 'fold-affine-into-norm' 'fold-affine-into-linear' 'fold-affine-into-readers' 'fold-shift-into-readers' 'fold-map-into-linear' 'fold-map-into-readers' 'fold-affine-into-moments' 'common-subexpressions' 'fuse-elementwise' 'split-linears' 'fuse-epilogues' 'merge-linears' 'pair-convolutions' 'pack-weights' 'dead-code' 'move-affine-to-weights' 'fold-affine-into-stored-norm' 'fold-affine-into-table')
    local -ar ___stop_after=('insert-transports' 'freeze-dials' 'expand-pixel-means' 'fold-constants' 'recognize-affine' 'fold-affine-into-norm' 'fold-affine-into-linear' 'fold-affine-into-readers' 'fold-shift-into-readers' 'fold-map-into-linear' 'fold-map-into-readers' 'fold-affine-into-moments' 'common-subexpressions' 'fuse-elementwise' 'split-linears' 'fuse-epilogues' 'merge-linears' 'pair-convolutions' 'pack-weights' 'dead-code' 'move-affine-to-weights' 'fold-affine-into-stored-norm' 'fold-affine-into-table')
    local -ar arg_specs=(
        ':model:_files -g '\''*.gguf'\'''
        '--module[Of a checkpoint that holds several networks, the one to take\: decoder.]:name:'
        '--size[The size of the images that a network of convolutions takes\: pixels for an encoder, latents for a decoder.]:widthxheight:'
        '*--component[Of a pipeline, take a component from elsewhere\: its folder, or a safetensors file of other weights; repeat the option for several.]:name=path:'
        '*--lora[Add a LoRA adapter to the weights, times a weight\: of PEFT, a directory or its adapter_model.safetensors; for a pipeline one of diffusers or kohya, a file; repeat the option for several.]:adapter\[=weight\]:_files -/'
        '*--maps[The name of a dial and the map file that it turns; repeat the option for several maps.]:name=file:_files -g '\''*.safetensors'\'''
        '*--force[Skip a check of the map files against the model.]:check:{__actc_complete "${___force[@]}"}'
        '*--score[Return the score of each token by a map of --maps, or by a map file that is not inserted; conditions on a prompt need it. Repeat the option for several.]:name\[=file\]:_files -g '\''*.safetensors'\'''
        '*--score-at[Score tokens at those of the map file'\''s sites that match a pattern; by default at all, whose mean it is.]:name=pattern:'
        '*--gate[Let conditions on each token gate a map by a score, as in `when cos(SCORE) > 0.3`.]:map=score:'
        '--weights[What the plan'\''s matrices hold.]:weights:{__actc_complete "${___weights[@]}"}'
        '--kv[What cached keys and values hold.]:kv:{__actc_complete "${___kv[@]}"}'
        '*--freeze[Fold a map into the weights at one strength; repeat the option for several maps.]:name=strength:'
        '(--output -o)'{--output,-o}'[The plan to write.]:file:_files -g '\''*.plan'\'''
        '--context[The longest sequence, in tokens; by default the model'\''s context, at most 2048.]:n:'
        '--rows[The most tokens of one step, over all sequences; by default 512, of a pipeline those of as many texts as entries.]:n:'
        '--entries[The most whole texts or pictures of one step, for which memory is planned; by default 64 texts or 4 pictures.]:n:'
        '--image-rows[The most rows of images of one step, of models that take pictures as packed rows; by default 4096, of a pipeline those of as many pictures as entries.]:n:'
        '--decode-tile[Of a pipeline, decode larger pictures in tiles of so many pixels, which overlap by a quarter and fade into each other.]:widthxheight:'
        '--no-fuse[Run the graph as it is written\: fold, merge and fuse nothing.]'
        '--no-arena[Give every buffer its own bytes instead of sharing them.]'
        '--reference[Make the plan to compare others with\: --no-fuse and --no-arena, and a step computes all that depends on a call.]'
        '--print-after[Print the graph after each of these passes, or after all.]:a,b,c|all:{__actc_complete "${___print_after[@]}"}'
        '--verify-each[Verify the graph after each pass.]'
        '--no-verify-each[Verify the graph after each pass.]'
        '--timing[Print how long each pass took and what it left.]'
        '--stop-after[Run no pass after this one.]:pass:{__actc_complete "${___stop_after[@]}"}'
        '--bisect[Run only the first N passes, to find the one that goes wrong.]:n:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_bake() {
    local -i ret=1
    local -ar ___force=('fingerprint')
    local -ar ___for=('transformers' 'vllm' 'llama.cpp')
    local -ar ___dtype=('stored' 'f32' 'bf16' 'f16')
    local -ar arg_specs=(
        ':model:_files -g '\''*.gguf'\'''
        '*--lora[Add a LoRA adapter to the weights, times a weight\: of PEFT, a directory or its adapter_model.safetensors; for a pipeline one of diffusers or kohya, a file; repeat the option for several.]:adapter\[=weight\]:_files -/'
        '*--maps[The name of a dial and the map file that it turns; repeat the option for several maps.]:name=file:_files -g '\''*.safetensors'\'''
        '*--force[Skip a check of the map files against the model.]:check:{__actc_complete "${___force[@]}"}'
        '*--strength[The strength at which a map is baked; repeat the option for several maps.]:name=strength:'
        '--for[The program that is to read the checkpoint.]:program:{__actc_complete "${___for[@]}"}'
        '--approximate[Leave out what has no home in the checkpoint, and say how much that matters.]'
        '--dtype[What the written tensors hold; with stored, what the model'\''s own hold.]:dtype:{__actc_complete "${___dtype[@]}"}'
        '--replace[Replace the directory where there is one.]'
        '--measure[Compare the logits with the steered model'\''s, on random tokens.]'
        '--no-measure[Compare the logits with the steered model'\''s, on random tokens.]'
        '(--output -o)'{--output,-o}'[The directory to write.]:directory:_files -/'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_opt() {
    local -i ret=1
    local -ar ___passes=('insert-transports' 'freeze-dials' 'expand-pixel-means' 'fold-constants' 'recognize-affine' 'fold-affine-into-norm' 'fold-affine-into-linear' 'fold-affine-into-readers' 'fold-shift-into-readers' 'fold-map-into-linear' 'fold-map-into-readers' 'fold-affine-into-moments' 'common-subexpressions' 'fuse-elementwise' 'split-linears' 'fuse-epilogues' 'merge-linears' 'pair-convolutions' 'pack-weights' 'dead-code' 'move-affine-to-weights' 'fold-affine-into-stored-norm' 'fold-affine-into-table')
    local -ar ___force=('fingerprint')
    local -ar ___print_after=('all' 'insert-transports' 'freeze-dials' 'expand-pixel-means' 'fold-constants' 'recognize-affine' 'fold-affine-into-norm' 'fold-affine-into-linear' 'fold-affine-into-readers' 'fold-shift-into-readers' 'fold-map-into-linear' 'fold-map-into-readers' 'fold-affine-into-moments' 'common-subexpressions' 'fuse-elementwise' 'split-linears' 'fuse-epilogues' 'merge-linears' 'pair-convolutions' 'pack-weights' 'dead-code' 'move-affine-to-weights' 'fold-affine-into-stored-norm' 'fold-affine-into-table')
    local -ar ___stop_after=('insert-transports' 'freeze-dials' 'expand-pixel-means' 'fold-constants' 'recognize-affine' 'fold-affine-into-norm' 'fold-affine-into-linear' 'fold-affine-into-readers' 'fold-shift-into-readers' 'fold-map-into-linear' 'fold-map-into-readers' 'fold-affine-into-moments' 'common-subexpressions' 'fuse-elementwise' 'split-linears' 'fuse-epilogues' 'merge-linears' 'pair-convolutions' 'pack-weights' 'dead-code' 'move-affine-to-weights' 'fold-affine-into-stored-norm' 'fold-affine-into-table')
    local -ar arg_specs=(
        ':file:_files -g '\''*.gguf *.graph'\'''
        '--passes[The passes to run, in order; by default the whole pipeline.]:a,b,c:{__actc_complete "${___passes[@]}"}'
        '*--maps[The name of a dial and the map file that it turns; repeat the option for several maps.]:name=file:_files -g '\''*.safetensors'\'''
        '*--force[Skip a check of the map files against the model.]:check:{__actc_complete "${___force[@]}"}'
        '--print-after[Print the graph after each of these passes, or after all.]:a,b,c|all:{__actc_complete "${___print_after[@]}"}'
        '--verify-each[Verify the graph after each pass.]'
        '--no-verify-each[Verify the graph after each pass.]'
        '--timing[Print how long each pass took and what it left.]'
        '--stop-after[Run no pass after this one.]:pass:{__actc_complete "${___stop_after[@]}"}'
        '--bisect[Run only the first N passes, to find the one that goes wrong.]:n:'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_show() {
    local -i ret=1
    local -ar arg_specs=(
        '*:files:_files -g '\''*.gguf *.plan *.safetensors *.graph'\'''
        '--module[Of a checkpoint that holds several networks, the one to take\: decoder.]:name:'
        '--size[The size of the images that a network of convolutions takes\: pixels for an encoder, latents for a decoder.]:widthxheight:'
        '--summary[Print only a plan'\''s sizes, not its programs.]'
        '--json[Print as JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_models() {
    local -i ret=1
    local -ar arg_specs=(
        '--json[Print the architectures as JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_sites() {
    local -i ret=1
    local -ar arg_specs=(
        ':model:_files -g '\''*.gguf'\'''
        '--module[Of a checkpoint that holds several networks, the one to take\: decoder.]:name:'
        '--size[The size of the images that a network of convolutions takes\: pixels for an encoder, latents for a decoder.]:widthxheight:'
        '--sites[List only sites whose whole name matches a pattern\: a glob, or re\: and a regular expression.]:pattern ...:'
        '--json[Print the sites as JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_methods() {
    local -i ret=1
    local -ar _method=('linear-act' 'gaussian-act' 'mean-act' 'pid-act' 'sliced-act' 'contrastive-act' 'actadd' 'caa' 'repe' 'cast' 'east' 'iti-m' 'iti-c' 'aura' 'det0' 'damp' 'austeer' 'ablation' 'leace' 'gaussian-ot' 'lowrank-ot' 'conceptor' 'angular' 'spherical')
    local -ar arg_specs=(
        ':method:{__actc_complete "${_method[@]}"}'
        '--json[Print the methods as JSON.]'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_new-method() {
    local -i ret=1
    local -ar arg_specs=(
        ':name:'
        '(--output -o)'{--output,-o}'[The directory to write, where nothing may be yet; by default one of the method'\''s name.]:directory:_files -/'
        '--package[The package of actc to depend on\: its directory or its URL; by default the one that this actc was built in.]:package:_files -/'
        '--version[Show the version.]'
        '(-h --help)'{-h,--help}'[Show help information.]'
    )
    _arguments -w -s -S : "${arg_specs[@]}" && ret=0

    return "${ret}"
}

_actc_passes() {
    local -i ret=1
    local -ar arg_specs=(
        '--json[Print the passes as JSON.]'
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
