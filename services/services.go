// Package services lists the services that live on the house, for whoever composes one.
package services

import (
	"github.com/rempart/rempart/core/service"
	recognition "github.com/rempart/rempart/services/recognition/plug"
)

// All are the services of this program.
var All = []service.Kind{recognition.Kind}
