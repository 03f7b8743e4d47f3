"""What llama.cpp computes for a GGUF file, by the Python package `llama-cpp-python`."""

import contextlib
import ctypes
import os

import numpy


@contextlib.contextmanager
def quiet():
    """Keep llama.cpp's log off the terminal."""
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)


def llama_logits(path, tokens, directions=None, strength=1.0, blocks=0):
    """Logits [T, V] of a file, or None where llama.cpp does not load it.

    `directions` is a control vector by block, added at `strength` to the outputs of a model of so many `blocks`.
    """
    from llama_cpp import llama_cpp as llama

    with quiet():
        llama.llama_backend_init()
        model = llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params())
        if not model:
            return None
        settings = llama.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.type_k, settings.type_v = 64, 64, 0, 0
        settings.flash_attn_type = 0
        context = llama.llama_init_from_model(model, settings)
    if directions:
        # As common_control_vector_load lays it out: the buffer begins with block 1.
        width = len(next(iter(directions.values())))
        data = numpy.zeros((blocks - 1, width), numpy.float32)
        for number, direction in directions.items():
            data[number - 1] = strength * direction
        pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        apply = getattr(llama, "llama_set_adapter_cvec", None) or llama.llama_apply_adapter_cvec
        assert apply(context, pointer, data.size, width, 1, blocks) == 0
    batch = llama.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for index, token in enumerate(tokens.tolist()):
        batch.token[index], batch.pos[index] = token, index
        batch.n_seq_id[index], batch.seq_id[index][0], batch.logits[index] = 1, 0, 1
    assert llama.llama_decode(context, batch) == 0
    vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    rows = [
        ctypes.cast(llama.llama_get_logits_ith(context, i), ctypes.POINTER(ctypes.c_float)) for i in range(len(tokens))
    ]
    logits = numpy.stack([numpy.ctypeslib.as_array(row, (vocabulary,)).copy() for row in rows])
    with quiet():
        llama.llama_batch_free(batch)
        llama.llama_free(context)
        llama.llama_model_free(model)
    return logits
