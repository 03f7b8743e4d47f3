#!/usr/bin/env python3
"""Records what `transformers` makes of our own chat templates.

    pip install transformers==5.24.0 jinja2==3.1.6
    Scripts/make-chat-fixtures.py

writes Tests/TokenizerTests/Fixtures/chat: cases.json with, for each case, a template, what it is given, and its text or
null where it raises. The clock stands at noon of 26 July 2024, UTC.
"""

import datetime
import json
import os
import pathlib
import sys

os.environ["TZ"] = "UTC"
sys.path.insert(0, os.path.dirname(__file__))

import chat_templates  # noqa: E402
import transformers.utils.chat_template_utils as rendering  # noqa: E402
from tokenizers import Tokenizer, models  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 12, 0, 0)


def main():
    rendering.datetime = Clock
    words = ["<s>", "</s>", "<pad>", "<unk>"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "<unk>")),
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
    )
    cases = []
    for name, template, given in chat_templates.cases():
        try:
            text = tokenizer.apply_chat_template(
                given["messages"],
                chat_template=template,
                tokenize=False,
                **{k: v for k, v in given.items() if k != "messages"},
            )
        except Exception as error:
            text = None
            print(f"{name}: {type(error).__name__}: {str(error)[:90]}")
        cases.append({"name": name, "template": template, "given": given, "text": text})
    path = pathlib.Path(__file__).parent.parent / "Tests/TokenizerTests/Fixtures/chat/cases.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]\n")
    print(len(cases), "cases of", len({case["template"] for case in cases}), "templates")


if __name__ == "__main__":
    main()
