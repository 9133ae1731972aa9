// GraphiQL uses framer-motion for one thing: tabs that can be dragged into another order. Not worth 135 kB.
export const Reorder = {
  Group: ({ axis, values, onReorder, ...props }) => <ul {...props} />,
  Item: ({ value, ...props }) => <li {...props} />,
};
