package web

import (
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/services/recognition"
)

func setupRoutes(*recognition.Module) []edge.Route { return nil }
