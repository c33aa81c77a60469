"""Charts drawn: SVG and PNG by vl-convert, which carries its own Vega, and the JavaScript for a page that is offline.

vl-convert is of the extra ``report``; without it `DrawingFault` says how to get it. Data stand in the specification, so
that nothing is fetched.
"""

from __future__ import annotations

import json
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from analysis.report.charts import Chart

VEGA_LITE = "6.4"
SCALE = 2.0  # of a PNG: for print, and for screens of twice the dots


class DrawingFault(Exception):
    """Charts cannot be drawn here; the message is for people."""


def svg(chart: Chart) -> str:
    """The chart as SVG, text as text. Raises `DrawingFault`."""
    drawn: str = _vega().vegalite_to_svg(chart.spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return drawn


def png(chart: Chart) -> bytes:
    """The chart as PNG. Raises `DrawingFault`."""
    drawn: bytes = _vega().vegalite_to_png(chart.spec, vl_version=VEGA_LITE, scale=SCALE, allowed_base_urls=[])
    return packed(drawn)


def packed(octets: bytes) -> bytes:
    """The same PNG in a third of the room: its data deflated anew, and well (PNG specification, section 10)."""
    head, data, tail, at = octets[:8], b"", b"", 8
    while at < len(octets):
        length = int.from_bytes(octets[at : at + 4])
        chunk, kind = octets[at : at + 12 + length], octets[at + 4 : at + 8]
        if kind == b"IDAT":
            data += chunk[8:-4]
        elif data:
            tail += chunk
        else:
            head += chunk
        at += 12 + length
    content = b"IDAT" + zlib.compress(zlib.decompress(data), 9)
    return head + (len(content) - 4).to_bytes(4) + content + zlib.crc32(content).to_bytes(4) + tail


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that may stand inside a page. Raises `DrawingFault`."""
    text: str = _vega().javascript_bundle(vl_version=VEGA_LITE)
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def for_script(value: Any) -> str:
    """JSON that may stand inside a script element: no character in it can end the element."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _vega() -> ModuleType:
    try:
        import vl_convert
    except ImportError:
        raise DrawingFault("charts need the extra `report`: pip install 'dane-census[report]'") from None
    return vl_convert
