"""What the modules of a model give and read while it runs, for the scripts that record small checkpoints."""

from contextlib import contextmanager

import torch


@contextmanager
def module_outputs(model, is_wanted, rows, inputs=False):
    """Collect the outputs of modules, by the names of `named_modules`, while the block runs.

    With `inputs` also what all but embeddings read, by their names and `:in`.

    `is_wanted` is asked for each name and module; `rows` turns an output into the tensor to keep. Of a tuple the first
    element counts, and of what a module reads the first argument.
    """
    outputs, hooks = {}, []

    def keep(name):
        def hook(module, arguments, output):
            output = output[0] if isinstance(output, tuple) else output
            outputs[name] = rows(output.detach()).contiguous().clone()

        return hook

    def keep_input(name):
        def hook(module, arguments, named):
            x = arguments[0] if arguments else named["hidden_states"]
            outputs[f"{name}:in"] = rows(x.detach()).contiguous().clone()

        return hook

    for name, module in model.named_modules():
        if is_wanted(name, module):
            hooks.append(module.register_forward_hook(keep(name)))
            if inputs and not isinstance(module, torch.nn.Embedding):
                hooks.append(module.register_forward_pre_hook(keep_input(name), with_kwargs=True))
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
