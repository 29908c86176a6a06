package ui

import (
	"math"
	"regexp"
	"strconv"
)

// colours reads the custom properties that hold a plain colour.
func colours(css string) map[string]string {
	all := map[string]string{}
	for _, m := range regexp.MustCompile(`--([\w-]+):\s*#([0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		if _, set := all[m[1]]; !set {
			all[m[1]] = m[2]
		}
	}
	return all
}

// contrast is the ratio of two colours (WCAG 2.2, "contrast ratio"); 0 when one is unknown.
func contrast(a, b string) float64 {
	if a == "" || b == "" {
		return 0
	}
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(hex string) float64 {
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			return math.NaN()
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
