package api

import (
	"github.com/rempart/rempart/kit/edge/rest"
	"github.com/rempart/rempart/services/recognition"
)

func intake(*rest.API, *recognition.Module) {}
