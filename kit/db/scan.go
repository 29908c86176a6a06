package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/rempart/rempart/core"
)

// Scan reads the columns of one row into dest, in order.
type Scan = func(dest ...any) error

// All runs a registered query and gives one T per row; no row gives an empty slice.
func All[T any](ctx context.Context, tx core.Tx, q string, scan func(Scan) (T, error), args ...any) (list []T, err error) {
	rows, err := tx.Query(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := rows.Close(); err == nil && e != nil {
			list, err = nil, e
		}
	}()
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// One runs a registered query and gives the T of its first row; false means that there is no row.
func One[T any](ctx context.Context, tx core.Tx, q string, scan func(Scan) (T, error), args ...any) (v T, found bool, err error) {
	rows, err := tx.Query(ctx, q, args...)
	if err != nil {
		return v, false, err
	}
	defer func() {
		if e := rows.Close(); err == nil && e != nil {
			found, err = false, e
		}
	}()
	if !rows.Next() {
		return v, false, rows.Err()
	}
	if v, err = scan(rows.Scan); err != nil {
		var zero T
		return zero, false, err
	}
	return v, true, nil
}

// Value scans a single column: db.One(ctx, tx, qCount, db.Value[int64]).
func Value[T any](scan Scan) (v T, err error) {
	err = scan(&v)
	return v, err
}

// normal turns an argument into what both engines store: nil, int64, float64, string or []byte. A bool is 0 or 1; a
// time.Time is refused (times are stored as microseconds, see kit/clock).
func normal(arg any) (driver.Value, error) {
	switch a := arg.(type) {
	case nil, int64, float64, string, []byte:
		return a, nil
	case core.ID:
		return string(a), nil
	case int:
		return int64(a), nil
	case bool:
		if a {
			return int64(1), nil
		}
		return int64(0), nil
	case driver.Valuer:
		if rv := reflect.ValueOf(arg); rv.Kind() == reflect.Pointer && rv.IsNil() {
			return nil, nil
		}
		v, err := a.Value()
		if err != nil {
			return nil, err
		}
		return normal(v)
	}
	rv := reflect.ValueOf(arg)
	switch rv.Kind() {
	case reflect.Pointer:
		if rv.IsNil() {
			return nil, nil
		}
		return normal(rv.Elem().Interface())
	case reflect.String:
		return rv.String(), nil
	case reflect.Bool:
		return normal(rv.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if rv.Uint() > math.MaxInt64 {
			return nil, fmt.Errorf("db: %d does not fit in 64 signed bits", rv.Uint())
		}
		return int64(rv.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return rv.Float(), nil
	case reflect.Slice:
		if rv.Type().Elem().Kind() == reflect.Uint8 {
			return rv.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("db: cannot store a %T", arg)
}

// assign puts a column's value into dest, the same way on both engines.
func assign(dest any, src any) error {
	switch s := src.(type) {
	case int32:
		src = int64(s)
	case int16:
		src = int64(s)
	case float32:
		src = float64(s)
	case int64, float64, string, []byte, bool, nil:
	case driver.Valuer: // numeric of PostgreSQL: the sum of a BIGINT column
		v, err := s.Value()
		if err != nil {
			return err
		}
		src = v
	}
	switch d := dest.(type) {
	case *string:
		if s, ok := src.(string); ok {
			*d = s
			return nil
		}
	case *core.ID:
		return d.Scan(src)
	case *int64:
		if n, ok := src.(int64); ok {
			*d = n
			return nil
		}
	case *[]byte:
		switch s := src.(type) {
		case []byte:
			*d = s
			return nil
		case nil:
			*d = nil
			return nil
		}
	case *any:
		*d = src
		return nil
	case sql.Scanner:
		if b, ok := src.(bool); ok {
			if _, isInt := dest.(*sql.NullInt64); isInt {
				src, _ = normal(b)
			}
		}
		return d.Scan(src)
	}
	return assignByKind(reflect.ValueOf(dest), src)
}

func assignByKind(rv reflect.Value, src any) error {
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return fmt.Errorf("db: scan needs a pointer, not %s", rv.Type())
	}
	e := rv.Elem()
	if e.Kind() == reflect.Pointer {
		if src == nil {
			e.SetZero()
			return nil
		}
		e.Set(reflect.New(e.Type().Elem()))
		return assign(e.Interface(), src)
	}
	if src == nil {
		return fmt.Errorf("db: NULL does not fit in %s", e.Type())
	}
	switch e.Kind() {
	case reflect.String:
		switch s := src.(type) {
		case string:
			e.SetString(s)
			return nil
		case []byte:
			e.SetString(string(s))
			return nil
		}
	case reflect.Bool:
		switch s := src.(type) {
		case bool:
			e.SetBool(s)
			return nil
		case int64:
			e.SetBool(s != 0)
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return assignInt(e, src)
	case reflect.Float32, reflect.Float64:
		return assignFloat(e, src)
	case reflect.Slice:
		if e.Type().Elem().Kind() == reflect.Uint8 {
			switch s := src.(type) {
			case []byte:
				e.SetBytes(s)
				return nil
			case string:
				e.SetBytes([]byte(s))
				return nil
			}
		}
	}
	return fmt.Errorf("db: %T does not fit in %s", src, e.Type())
}

func assignInt(e reflect.Value, src any) error {
	var n int64
	switch s := src.(type) {
	case int64:
		n = s
	case bool:
		if s {
			n = 1
		}
	case string: // numeric of PostgreSQL
		var err error
		if n, err = strconv.ParseInt(s, 10, 64); err != nil {
			return fmt.Errorf("db: text does not fit in %s", e.Type())
		}
	case float64:
		if n = int64(s); float64(n) != s {
			return fmt.Errorf("db: %v does not fit in %s", s, e.Type())
		}
	default:
		return fmt.Errorf("db: %T does not fit in %s", src, e.Type())
	}
	if e.CanInt() {
		if e.OverflowInt(n) {
			return fmt.Errorf("db: %d does not fit in %s", n, e.Type())
		}
		e.SetInt(n)
		return nil
	}
	if n < 0 || e.OverflowUint(uint64(n)) {
		return fmt.Errorf("db: %d does not fit in %s", n, e.Type())
	}
	e.SetUint(uint64(n))
	return nil
}

func assignFloat(e reflect.Value, src any) error {
	switch s := src.(type) {
	case float64:
		e.SetFloat(s)
	case int64:
		e.SetFloat(float64(s))
	case string:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return fmt.Errorf("db: text does not fit in %s", e.Type())
		}
		e.SetFloat(f)
	default:
		return fmt.Errorf("db: %T does not fit in %s", src, e.Type())
	}
	return nil
}

// Flag gives a truth as both engines keep it: 1 or 0.
func Flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
