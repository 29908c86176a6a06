package recognition

import "errors"

var errLater = errors.New("recognition: not yet")
