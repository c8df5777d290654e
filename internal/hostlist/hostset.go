package hostlist

import "slices"

// hostSet is hosts in the order in which they came. To join others costs a time
// that grows with them alone, so that no list is slow by its operators.
type hostSet struct {
	at    map[string]int // where in names each is
	names []string       // also those that were taken away: at does not lead to them
}

func newHostSet() *hostSet { return &hostSet{at: map[string]int{}} }

func (s *hostSet) len() int { return len(s.at) }

// list are the hosts in order.
func (s *hostSet) list() []string {
	hosts := make([]string, 0, len(s.at))
	for i, name := range s.names {
		if at, ok := s.at[name]; ok && at == i {
			hosts = append(hosts, name)
		}
	}
	return hosts
}

// join does what an operator says; the first of an expression is added.
func (s *hostSet) join(operator byte, hosts []string) {
	switch operator {
	case '!':
		for _, name := range hosts {
			delete(s.at, name)
		}
	case '&':
		s.keep(hosts)
	case '^':
		s.toggle(hosts)
	default:
		for _, name := range hosts {
			s.add(name)
		}
	}
}

func (s *hostSet) add(name string) {
	if _, ok := s.at[name]; !ok {
		s.at[name] = len(s.names)
		s.names = append(s.names, name)
	}
}

func (s *hostSet) keep(hosts []string) {
	var places []int
	for _, name := range hosts {
		if at, ok := s.at[name]; ok {
			places = append(places, at)
		}
	}
	slices.Sort(places)
	kept := newHostSet()
	for _, at := range places {
		kept.add(s.names[at])
	}
	*s = *kept
}

// toggle leaves what is in one of the two. A host that comes twice is there once.
func (s *hostSet) toggle(hosts []string) {
	others := newHostSet()
	others.join(',', hosts)
	for _, name := range others.names {
		if _, ok := s.at[name]; ok {
			delete(s.at, name)
		} else {
			s.add(name)
		}
	}
}
