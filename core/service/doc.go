// Package service is the front desk of services: what the house hands to one, and what it takes from it.
//
// A service (services/recognition, services/rooms, services/journeys) is a module that lives on the house without being a part
// of it. Its own Needs name the few doors that it goes through; its plug (services/<name>/plug) fills them from Doors. core/boot
// opens its tables with those of the house, asks it for its manifest, pages, operations and work, and walks all of them in
// its tests as it does those of its own rooms.
//
// Owns: the words between the house and its services. Must not know: any service. Start reading at: Kind.
package service
