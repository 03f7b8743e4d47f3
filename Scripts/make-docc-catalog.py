#!/usr/bin/env python3
"""Writes the pages of docs/ as a DocC catalog: Scripts/make-docc-catalog.py DIRECTORY.docc

Links between pages become DocC's; links to files of the repository become the names of those files.
"""

import pathlib
import re
import shutil
import sys

ROOT = """# Guides

@Metadata {{
  @TechnologyRoot
}}

How actc and actrun work, and how to extend them.

## Topics

### Pages

{pages}
"""


def anchors(text: str) -> dict[str, str]:
    """DocC's name of each heading, by the one that Markdown readers give it."""
    names = {}
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        names[slug] = re.sub(r"[^\w-]+", "-", heading).strip("-")
    return names


def main() -> None:
    docs = pathlib.Path(__file__).resolve().parent.parent / "docs"
    catalog = pathlib.Path(sys.argv[1])
    catalog.mkdir(parents=True)
    pages = {path.name: path.read_text(encoding="utf-8") for path in sorted(docs.glob("*.md"))}
    for name, text in pages.items():

        def link(match: re.Match, name: str = name) -> str:
            label, target = match.groups()
            file, _, fragment = target.partition("#")
            page = file or name
            if page in pages:
                fragment = anchors(pages[page]).get(fragment, "")
                return f"[{label}](doc:{pathlib.Path(page).stem}{'#' if fragment else ''}{fragment})"
            if (docs / page).suffix in {".svg", ".png"}:
                return f"[{label}]({pathlib.Path(page).name})"
            return label if "://" not in target else match.group()

        linked = re.sub(r"\[([^\]]*)\]\(([^)\s]+)\)", link, text)
        # DocC takes code between two backticks for the name of a symbol.
        linked = re.sub(r"(?<!`)`` (.+?) ``(?!`)", lambda match: match[1].replace("`", r"\`"), linked)
        (catalog / name).write_text(linked, encoding="utf-8")
    for image in [*docs.glob("**/*.svg"), *docs.glob("**/*.png")]:
        shutil.copy(image, catalog)
    listed = "\n".join(f"- <doc:{pathlib.Path(name).stem}>" for name in pages)
    (catalog / "Guides.md").write_text(ROOT.format(pages=listed), encoding="utf-8")


if __name__ == "__main__":
    main()
