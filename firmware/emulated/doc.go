// Package emulated makes USB boards of software, for tests: an Astribank that
// really keeps what is written to its memories, starts only what it was made to
// accept, and leaves and joins the bus as the real one does. In: the transfers of a
// host, and a word about what is to go wrong. Out: answers, and a record of all
// transfers. It is plugged into the kernel's USB by USB/IP (Plug: vhci_hcd, root,
// without a network), or asked by tests directly. Callers: tests of firmware and of
// cmd/vaad-usb. It shares no code with the loader it judges.
package emulated
