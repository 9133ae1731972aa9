// Radix keeps the page from scrolling under a dialog by adding a <style>, which a strict Content-Security-Policy refuses.
// This page never scrolls.
export const RemoveScroll = ({ as: As = 'div', allowPinchZoom, shards, ...props }) => <As {...props} />;
