"""What the modules of a model give while it runs, for the scripts that record small checkpoints."""

from contextlib import contextmanager


@contextmanager
def module_outputs(model, is_wanted, rows):
    """Collect the outputs of modules, by the names of `named_modules`, while the block runs.

    `is_wanted` is asked for each name and module; `rows` turns an output into the tensor to keep. Of a tuple the first
    element counts.
    """
    outputs, hooks = {}, []

    def keep(name):
        def hook(module, arguments, output):
            output = output[0] if isinstance(output, tuple) else output
            outputs[name] = rows(output.detach()).contiguous().clone()

        return hook

    for name, module in model.named_modules():
        if is_wanted(name, module):
            hooks.append(module.register_forward_hook(keep(name)))
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
