"""What sound is made of here: its rate, its layouts, its arrays."""

import numpy as np
from numpy.typing import NDArray

from backend.documents.speech import SAMPLE_RATE

RATE = SAMPLE_RATE

FRAME = 1024  # samples that an AAC packet holds

Samples = NDArray[np.float32]

LAYOUTS = {1: "mono", 2: "stereo"}
