package edge

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// stats are the figures of the door. Labels are bounded: a route's pattern, never its path; a class of status.
type stats struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	refused  *prometheus.CounterVec
	panics   prometheus.Counter
}

func newStats() *stats {
	s := &stats{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rempart_http_request_seconds", Help: "Time to answer, by route and class of status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route", "status"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rempart_http_refused_total", Help: "Requests refused before any route, by reason.",
		}, []string{"reason"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rempart_http_panics_total", Help: "Handlers that broke.",
		}),
	}
	s.registry.MustRegister(s.requests, s.refused, s.panics,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return s
}

func (s *stats) observe(route string, status int, took time.Duration) {
	s.requests.WithLabelValues(route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// Metrics serves the figures in the Prometheus text format: on a listener of its own, never on the public one.
func (s *Server) Metrics() http.Handler {
	return promhttp.HandlerFor(s.stats.registry, promhttp.HandlerOpts{})
}

// Registerer lets others add their figures to the same listener.
func (s *Server) Registerer() prometheus.Registerer { return s.stats.registry }
