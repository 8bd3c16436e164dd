"""What a file really is, read from its bytes: a whole WAV, MP3 or OGG and nothing beside it. Its name is not asked.

Nothing is decoded here: the walk from frame to frame tells whether all bytes belong to the sound, before any program sees them.
"""

from __future__ import annotations

from typing import Literal

Shape = Literal["wav", "mp3", "ogg"]

# In kbit/s, by the four bits of an MPEG 1 layer III header, and of MPEG 2 and 2.5.
_BITRATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
# One valid header may stand in any file by chance, three in a row do not.
_LEAST_FRAMES = 3
_ID3_BYTES, _OLD_TAG_BYTES = 10, 128
_OGG_SOUNDS = (b"\x01vorbis", b"OpusHead")
_OGG_HEADER_BYTES = 27
# PCM, float, A-law, mu-law, and the kind that names one of them further on.
_WAV_KINDS = frozenset({1, 3, 6, 7, 0xFFFE})
# A program that wrote to a pipe could not know the length.
_UNKNOWN_LENGTHS = frozenset({0, 0xFFFFFFFF})


class NotSound(ValueError):
    """These bytes are no sound we take: of another ``kind``, ``broken`` (cut off), or ``mixed`` with something else."""

    def __init__(self, reason: Literal["kind", "broken", "mixed"] = "kind") -> None:
        super().__init__(reason)
        self.reason = reason


def find_shape(data: bytes) -> Shape:
    """Tell what a file is.

    Args:
        data: the whole file.

    Raises:
        NotSound: it is nothing of the kind, it is cut off, or bytes follow that belong to no sound.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        _walk_wav(data)
        return "wav"
    if data[:4] == b"OggS":
        _walk_ogg(data)
        return "ogg"
    _walk_mp3(data)
    return "mp3"


def _walk_wav(data: bytes) -> None:
    length = int.from_bytes(data[4:8], "little")
    if length not in _UNKNOWN_LENGTHS and len(data) > length + 8 + length % 2:
        raise NotSound("mixed")
    place, has_format = 12, False
    while place + 8 <= len(data):
        kind, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        if kind == b"fmt ":
            has_format = int.from_bytes(data[place + 8 : place + 10], "little") in _WAV_KINDS
        if kind == b"data" and has_format:
            if size not in _UNKNOWN_LENGTHS and place + 8 + size > len(data):
                raise NotSound("broken")
            return
        place += 8 + size + size % 2
    raise NotSound("broken" if has_format else "kind")


def _walk_ogg(data: bytes) -> None:
    first_size = _ogg_page_bytes(data, 0)
    if not data[first_size - _ogg_body_bytes(data, 0) : first_size].startswith(_OGG_SOUNDS):
        # A film, or a sound that no telephone file of ours is made from.
        raise NotSound
    place = first_size
    while place < len(data):
        if data[place : place + 4] != b"OggS":
            raise NotSound("mixed")
        place += _ogg_page_bytes(data, place)
    if place != len(data):
        raise NotSound("broken")


def _ogg_page_bytes(data: bytes, place: int) -> int:
    if place + _OGG_HEADER_BYTES > len(data):
        raise NotSound("broken")
    return _OGG_HEADER_BYTES + data[place + 26] + _ogg_body_bytes(data, place)


def _ogg_body_bytes(data: bytes, place: int) -> int:
    begin = place + _OGG_HEADER_BYTES
    return sum(data[begin : begin + data[place + 26]])


def _walk_mp3(data: bytes) -> None:
    place = _id3_bytes(data)
    end = len(data)
    if data[end - _OLD_TAG_BYTES : end - _OLD_TAG_BYTES + 3] == b"TAG":
        end -= _OLD_TAG_BYTES
    frames = 0
    while size := _mp3_frame_bytes(data[place : place + 4]):
        if place + size > end:
            # The last frame of many a recorder is cut off.
            place = end
            break
        frames, place = frames + 1, place + size
    if frames < _LEAST_FRAMES:
        raise NotSound
    if data[place:end].strip(b"\0"):
        raise NotSound("mixed")


def _id3_bytes(data: bytes) -> int:
    """How long the tag at the beginning is: a number of four times seven bits."""
    if data[:3] != b"ID3" or len(data) < _ID3_BYTES:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return _ID3_BYTES + size


def _mp3_frame_bytes(header: bytes) -> int:
    """How long the frame is that begins so; 0 when none does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate_index, bitrate_index = header[1] >> 3 & 3, header[2] >> 2 & 3, header[2] >> 4
    if version not in _RATES or rate_index == 3 or bitrate_index in (0, 15):
        return 0
    bitrates, slots = (_BITRATES_1, 144) if version == 3 else (_BITRATES_2, 72)
    return slots * bitrates[bitrate_index] * 1000 // _RATES[version][rate_index] + (header[2] >> 1 & 1)
