"""Map files as Python writes them, for the scripts that convert what others have trained."""

import json
import subprocess
import sys

import numpy
from safetensors.numpy import save_file


class Model:
    """What `actc` says of a model: its fingerprint, and the width of every site, in order of execution."""

    def __init__(self, path, actc="actc"):
        def ask(command):
            try:
                return json.loads(
                    subprocess.run([actc, command, path, "--json"], check=True, capture_output=True).stdout
                )
            except FileNotFoundError:
                sys.exit(f"{actc}: there is no such program; give its path by --actc")
            except subprocess.CalledProcessError as error:
                sys.exit(error.stderr.decode().strip())

        self.path = path
        self.fingerprint = ask("show")["fingerprint"]
        self.sites = {site["name"]: int(site["type"].rstrip("]").split(",")[-1]) for site in ask("sites")}


def write_map(path, model, method, transport, sites, options, scope="all", **others):
    """Write a map file.

    `sites` has the parameters of each site, by the site's name, and `others` more entries of the metadata. A site that
    the model does not have, or of another width than the parameters, ends the program.
    """
    names = list(next(iter(sites.values())))
    tensors, listed = {}, []
    for site in [site for site in model.sites if site in sites] + [site for site in sites if site not in model.sites]:
        if site not in model.sites:
            sys.exit(f"{site}: {model.path} has no such site; `actc sites {model.path}` lists them")
        listed.append({"name": site, "width": model.sites[site]})
        for name in names:
            value = numpy.ascontiguousarray(sites[site][name], numpy.float32)
            if value.ndim and model.sites[site] not in value.shape and value.shape != (value.size,):
                sys.exit(f"{site}: expected {model.sites[site]} channels, found {name} of {list(value.shape)}")
            if not numpy.isfinite(value).all():
                sys.exit(f"{site}: {name}: expected finite numbers")
            tensors[f"{site}/{name}"] = value
    metadata = {
        "format": "act-map",
        "format_version": "1",
        "method": method,
        "method_version": "1",
        "method_options": json.dumps({name: str(value) for name, value in options.items()}),
        "transport": transport,
        "parameters": json.dumps(names),
        "sites": json.dumps(listed),
        "model_fingerprint": model.fingerprint,
        "token_scope": scope,
        "skip_first": "0",
        **others,
    }
    save_file(tensors, path, metadata=metadata)
    print(f"wrote {path}: {method}, {len(listed)} sites")


def add_model_options(parser):
    parser.add_argument("--model", required=True, help="the model's directory, or its GGUF file")
    parser.add_argument("--actc", default="actc", help="the program `actc`, which knows the model's sites")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the map file to write")
